import { scatter } from '../workloads/random.mjs'

const keyBytes = 16
export const valueBytes = 100
export const recordBytes = keyBytes + valueBytes

/** As much different data as db_bench draws its values from. */
const poolBytes = 1024 * 1024

/** Odd, so that multiplying by them modulo a power of two can be undone. */
const factors = [0x85ebca6b, 0xc2b2ae35, 0x9e3779b1]

/**
 * Any number of records without holding them: 16-digit keys in an order that seems random, each
 * once, and half-compressible values that follow from the key. All is made in place, in Buffers
 * that the next call uses again, so that neither memory nor garbage collection is the generator's.
 */
export class NumberedRecords {
  #mask
  #shift
  #pool = valuePool()
  #operations

  constructor(count, batchSize = 1) {
    this.count = count
    const bits = Math.max(2, Math.ceil(Math.log2(count)))
    this.#mask = 2 ** bits - 1
    this.#shift = (bits + 1) >>> 1
    const keys = Buffer.alloc(batchSize * keyBytes, '0')
    this.#operations = Array.from({ length: batchSize }, (_, i) => ({
      type: 'put',
      key: keys.subarray(i * keyBytes, (i + 1) * keyBytes),
      value: this.#pool[0],
    }))
  }

  /**
   * The operations that write records `first` to `end`, in writing order; valid until the next
   * call.
   */
  batch(first, end) {
    const operations = this.#operations
    for (let i = first; i < end; i++) this.#fill(operations[i - first], i)
    return end - first === operations.length ? operations : operations.slice(0, end - first)
  }

  /** The record that is written as the `i`th; valid until the next call. */
  record(i) {
    this.#fill(this.#operations[0], i)
    return this.#operations[0]
  }

  #fill(operation, i) {
    const number = this.#numberOf(i)
    writeDigits(operation.key, number)
    operation.value = this.#pool[(scatter(number) >>> 8) % this.#pool.length]
  }

  /**
   * A permutation of 0 … count−1: steps that can each be undone shuffle the numbers below the next
   * power of two; one that lands outside is shuffled again, until it lands inside.
   */
  #numberOf(i) {
    const mask = this.#mask
    const shift = this.#shift
    let number = i
    do {
      for (const factor of factors) {
        number = Math.imul(number ^ (number >>> shift), factor) & mask
      }
      number ^= number >>> shift
    } while (number >= this.count)
    return number
  }
}

function writeDigits(key, number) {
  let rest = number
  for (let at = keyBytes - 1; at >= keyBytes - 10; at--) {
    key[at] = 48 + (rest % 10)
    rest = (rest / 10) | 0
  }
}

/** Values whose second half repeats the first. */
function valuePool() {
  return Array.from({ length: Math.floor(poolBytes / valueBytes) }, (_, number) => {
    const value = Buffer.alloc(valueBytes)
    for (let i = 0; i < valueBytes; i++) value[i] = 32 + (scatter(number * 64 + (i % 50)) % 95)
    return value
  })
}
