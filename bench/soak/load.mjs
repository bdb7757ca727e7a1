// What a soak does all the time, at a rate that leaves the machine room to keep up.
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from '../measure/latency-histogram.mjs'

export const keyBytes = 10
export const valueBytes = 200
const tickMs = 20
/** For each 100 operations. */
const shares = { put: 40, batch: 5, del: 5, get: 45, scan: 5 }
const batchCount = 20
const scanCount = 50
const snapshotMs = 1500
const compactMs = 20_000
const checkpointMs = 15_000

export class Load {
  /** Of the operations since the last sample. */
  writes = new LatencyHistogram()
  reads = new LatencyHistogram()
  operations = 0
  #isOver = false
  #next
  #ways

  constructor(db, next, checkpointPath, keyCount) {
    this.db = db
    this.keyCount = keyCount
    this.checkpointPath = checkpointPath
    this.#next = next
    this.#ways = Object.entries(shares).flatMap(([way, share]) => Array(share).fill(way))
  }

  /** Every key once, so that the database has its size from the beginning. */
  async fill() {
    for (let i = 0; i < this.keyCount; i += 1000) {
      const keys = Array.from({ length: 1000 }, (_, n) => keyOf(i + n))
      await this.db.batch(keys.map((key) => this.#put(key)))
    }
    await this.db.compact()
  }

  /** Until `stop`. */
  async run(ratePerSecond) {
    const chores = this.#chores().map((chore) => this.#repeat(chore))
    await Promise.all([this.#operate(ratePerSecond), ...chores])
  }

  stop() {
    this.#isOver = true
  }

  /** Begins new histograms, and gives the ones that there were. */
  take() {
    const { writes, reads, operations } = this
    this.writes = new LatencyHistogram()
    this.reads = new LatencyHistogram()
    this.operations = 0
    return { writes, reads, operations }
  }

  async #operate(ratePerSecond) {
    const startMs = performance.now()
    let done = 0
    while (!this.#isOver) {
      const due = ((performance.now() - startMs) / 1000) * ratePerSecond
      // One that has fallen behind does not try to make up for it all at once.
      if (due - done > ratePerSecond) done = due - ratePerSecond
      for (; done < due && !this.#isOver; done++) await this.#one()
      await sleep(tickMs)
    }
  }

  async #one() {
    const way = this.#ways[this.#below(this.#ways.length)]
    const key = keyOf(this.#below(this.keyCount))
    const beginMs = performance.now()
    if (way === 'put') await this.db.put(key, this.#value())
    else if (way === 'del') await this.db.del(key)
    else if (way === 'batch') await this.db.batch(this.#batch())
    else if (way === 'get') await this.db.get(key)
    else await this.#scan(key)
    const isRead = way === 'get' || way === 'scan'
    const histogram = isRead ? this.reads : this.writes
    histogram.record(performance.now() - beginMs)
    this.operations++
  }

  async #scan(key) {
    const entries = this.db.entries({ gte: key, limit: scanCount })[Symbol.asyncIterator]()
    while (!(await entries.next()).done);
  }

  #chores() {
    const { db, checkpointPath } = this
    const chores = [
      async () => {
        const snapshot = db.snapshot()
        await this.#wait(snapshotMs)
        await snapshot.get(keyOf(this.#below(this.keyCount)))
        snapshot.close()
      },
      async () => {
        await this.#wait(compactMs)
        await db.compact({ gte: keyOf(this.#below(this.keyCount)) })
      },
      async () => {
        await this.#wait(compactMs / 2)
        await db.clear({ gte: keyOf(0), lt: keyOf(100) })
      },
    ]
    if (typeof db.checkpoint === 'function') {
      chores.push(async () => {
        await this.#wait(checkpointMs)
        await db.checkpoint(checkpointPath)
        rmSync(checkpointPath, { recursive: true })
      })
    }
    return chores
  }

  async #repeat(work) {
    while (!this.#isOver) await work()
  }

  /** Cut short when all is over. */
  async #wait(durationMs) {
    const endMs = performance.now() + durationMs
    while (!this.#isOver && performance.now() < endMs) await sleep(100)
  }

  #batch() {
    return Array.from({ length: batchCount }, () => this.#put(keyOf(this.#below(this.keyCount))))
  }

  #put(key) {
    return { type: 'put', key, value: this.#value() }
  }

  #value() {
    const value = Buffer.allocUnsafe(valueBytes)
    for (let at = 0; at < valueBytes; at += 4) value.writeUInt32LE(this.#next(), at)
    return value
  }

  #below(bound) {
    return this.#next() % bound
  }
}

function keyOf(i) {
  return Buffer.from(String(i).padStart(keyBytes, '0'))
}
