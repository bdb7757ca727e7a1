import { generator } from '../workloads/random.mjs'
import { valuePool } from '../workloads/records.mjs'

/** Remembered keys that reads choose from. */
const recentCount = 2 ** 20

/** Random keys and half-compressible values, and the number of different keys so far. */
export class Keys {
  distinct = 0
  #next
  #drawRead
  #values
  #count
  #seen
  #recent = new Uint32Array(recentCount)
  #written = 0

  constructor({ keys, valueBytes, seed }) {
    this.#next = generator(seed)
    this.#drawRead = generator(seed + 1)
    this.#values = valuePool(valueBytes)
    this.#count = keys
    this.#seen = new Uint8Array(keys)
  }

  next() {
    const number = this.#next() % this.#count
    this.distinct += 1 - this.#seen[number]
    this.#seen[number] = 1
    this.#recent[this.#written++ % recentCount] = number
    return keyText(number)
  }

  nextValue() {
    return this.#values[this.#written % this.#values.length]
  }

  /** One of the last million keys. */
  writtenBefore() {
    const number = this.#recent[this.#drawRead() % Math.min(this.#written, recentCount)]
    return keyText(number)
  }
}

function keyText(number) {
  return String(number).padStart(16, '0')
}
