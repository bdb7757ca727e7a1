// The core workloads of the Yahoo! Cloud Serving Benchmark (Cooper et al., SoCC 2010), in its
// proportions and distributions. Records keep one value of `valueBytes` instead of ten fields.

import { latest, scatteredZipfian } from './distributions.mjs'
import { generator } from './random.mjs'

const maxOperations = 100_000
const maxScanLength = 100

/** Shares of operations; the rest of 1 are reads. */
const workloads = {
  A: { update: 0.5 },
  B: { update: 0.05 },
  C: {},
  F: { readModifyWrite: 0.5 },
  D: { insert: 0.05, distribution: 'latest' },
  E: { insert: 0.05, scan: 0.95 },
}

/** In the order that YCSB recommends: those which insert come last. */
export async function ycsb(session) {
  const run = new YcsbRun(session)
  await run.load()
  for (const name of ['A', 'B', 'C', 'F', 'D']) await run.measure(name)
}

/** After a load of its own, because D has inserted. */
export async function ycsbScans(session) {
  const run = new YcsbRun(session)
  await run.load()
  await run.measure('E')
}

/** Holds what the records must be, and judges every read by it. */
class YcsbRun {
  /** Records written so far; inserts go on from here. Half of all numbers are left to them. */
  #count
  #versions
  #next = generator(5)

  constructor(session) {
    this.session = session
    this.records = session.records
    this.#count = this.records.count >>> 1
    this.#versions = new Uint8Array(this.records.count)
  }

  async load() {
    const { session } = this
    const { order } = this.records
    const loaded = order.subarray(0, this.#count)
    for (let i = 0; i < loaded.length; i += 1000)
      await session.driver.batch(session.batchAt(i, loaded))
    session.wrote(loaded.length)
  }

  async measure(name) {
    const shares = workloads[name]
    const choose =
      shares.distribution === 'latest'
        ? latest(() => this.#count, 17)
        : scatteredZipfian(this.#count, 17)
    const operations = Math.min(this.#count, maxOperations)
    await this.session.measure(`YCSB ${name}`, (meter) => {
      return meter.writes(operations, () => this.#operate(shares, choose))
    })
  }

  /** `choose` gives a position in the order of insertion: 0 is the oldest record. */
  #operate({ update = 0, insert = 0, scan = 0, readModifyWrite = 0 }, choose) {
    const dice = this.#next() / 2 ** 32
    if (dice < insert) return this.#write(this.records.order[this.#count++])
    const number = this.records.order[choose()]
    if (dice < insert + update) return this.#write(number)
    if (dice < insert + update + scan) return this.#scan(number)
    if (dice < insert + update + scan + readModifyWrite) return this.#readModifyWrite(number)
    return this.#read(number)
  }

  async #read(number) {
    const found = await this.session.driver.get(this.records.key(number))
    this.session.expect(found, this.#valueOf(number), number)
  }

  #write(number) {
    this.#versions[number]++
    this.session.wrote(1)
    return this.session.driver.put(this.records.key(number), this.#valueOf(number))
  }

  async #readModifyWrite(number) {
    await this.#read(number)
    await this.#write(number)
  }

  async #scan(number) {
    const limit = 1 + (this.#next() % maxScanLength)
    const first = this.records.key(number)
    let last = ''
    await this.session.driver.scan({ gte: first, limit }, (key, value) => {
      if (last === '') {
        this.session.expect(key, first, number)
        this.session.expect(value, this.#valueOf(number), number)
      } else if (key <= last) this.session.expect(key, `a key above ${last}`, number)
      last = key
    })
    if (last === '') this.session.expect(undefined, first, number)
  }

  #valueOf(number) {
    return this.records.value(number, this.#versions[number])
  }
}
