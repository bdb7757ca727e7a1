import { mkdirSync } from 'node:fs'
import { openEngine } from '../engines/index.mjs'
import { Meter } from '../measure/meter.mjs'
import { cpuSeconds, diskBytes, peakRssBytes, writtenBytes } from '../measure/process-figures.mjs'
import { isWanted } from './groups.mjs'
import { generator } from './random.mjs'
import { Records } from './records.mjs'

const batchSize = 1000
const sampleSize = 1000

/**
 * One engine, one directory, one group of workloads: what the functions of a group work with.
 *
 * Lives: as long as the process, which runs nothing else.
 */
export class Session {
  /** Figures by workload. */
  results = {}
  /** Bytes of keys and values given to the engine. */
  userBytes = 0
  /** @type {import('../engines/driver.mjs').Driver} */
  driver

  static async open(plan) {
    mkdirSync(plan.directory, { recursive: true })
    const session = new Session(plan)
    session.driver = await openEngine(plan.engine, plan.directory, session.openOptions)
    session.writtenBefore = writtenBytes()
    session.cpuBefore = cpuSeconds()
    return session
  }

  constructor(plan) {
    this.plan = plan
    this.openOptions = { durable: plan.durable }
    this.records = new Records(plan.records, plan.valueBytes)
    this.next = generator(99)
  }

  /** Runs one workload if it is wanted; `body` gets a Meter. */
  async measure(workload, body) {
    const { group, workloads, only, maxSeconds } = this.plan
    if (!workloads.includes(workload)) throw new Error(`group ${group} does not list '${workload}'`)
    if (!isWanted(group, workload, only)) return
    globalThis.gc?.()
    const meter = new Meter(maxSeconds)
    await body(meter)
    this.results[workload] = meter.figures()
    return meter.operations
  }

  /** Writes all records in random order, in batches; not timed. */
  async load() {
    const { records } = this
    for (let i = 0; i < records.count; i += batchSize) await this.driver.batch(this.batchAt(i))
    this.wrote(records.count)
  }

  batchAt(position, order = this.records.order, size = batchSize) {
    const batch = []
    const end = Math.min(order.length, position + size)
    for (let i = position; i < end; i++) batch.push(this.records.put(order[i]))
    return batch
  }

  wrote(count, bytesEach = this.records.recordBytes) {
    this.userBytes += count * bytesEach
  }

  /** All data in its final place, and nothing of it in memory that was not read since. */
  async settle() {
    await this.driver.settle()
    await this.driver.close()
    this.driver = await openEngine(this.plan.engine, this.plan.directory, this.openOptions)
  }

  randomNumber() {
    return this.next() % this.records.count
  }

  /** Reads a sample of the numbers order[0, count) and compares; not timed. */
  async verify(order, count, expected) {
    for (let i = 0; i < Math.min(sampleSize, count); i++) {
      const number = order[this.next() % count]
      this.expect(await this.driver.get(this.records.key(number)), expected(number), number)
    }
  }

  expect(found, expected, number) {
    if (found === expected) return
    const what = (value) =>
      value === undefined ? 'nothing' : `${value.length} bytes: ${value.slice(0, 24)}`
    throw new WrongAnswer(`record ${number}: expected ${what(expected)}, got ${what(found)}`)
  }

  async close() {
    await this.driver.close()
    const written = writtenBytes()
    return {
      results: this.results,
      resources: {
        cpuSeconds: cpuSeconds() - this.cpuBefore,
        peakRssBytes: peakRssBytes(),
        diskBytes: diskBytes(this.plan.directory),
        writeAmplification:
          written === undefined || this.userBytes === 0
            ? undefined
            : (written - this.writtenBefore) / this.userBytes,
      },
    }
  }
}

export class WrongAnswer extends Error {}
