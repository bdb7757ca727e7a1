import { generator, shuffled } from '../workloads/random.mjs'

/** Of a key and of a record, in bytes. */
export const keyBytes = 16

/**
 * The operations of a run, the same for every policy and mode: each record once in random order,
 * then overwrites of records drawn evenly, and a read of an existing record for every few
 * writes.
 */
export class Workload {
  #order
  #next
  #value
  #put = 0

  constructor({ records, valueBytes, seed, putsPerGet }) {
    this.records = records
    this.putsPerGet = putsPerGet
    this.#order = shuffled(records, seed)
    this.#next = generator(seed + 1)
    this.#value = Buffer.alloc(valueBytes)
    for (let i = 0; i < valueBytes; i++) this.#value[i] = this.#next()
  }

  /** The key of the next write. */
  nextPut() {
    const put = this.#put++
    return keyOf(put < this.records ? this.#order[put] : this.#next() % this.records)
  }

  /** The key of a record that has been written. */
  nextGet() {
    return keyOf(this.#order[this.#next() % Math.min(this.#put, this.records)])
  }

  /** The value of the next write: no two in a row are the same. */
  nextValue() {
    this.#value.writeUInt32LE(this.#put, 0)
    return this.#value
  }
}

function keyOf(number) {
  return Buffer.from(String(number).padStart(keyBytes, '0'))
}
