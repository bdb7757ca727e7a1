import { generator, scatter, shuffled } from './random.mjs'

/** As much different data as db_bench draws its values from: no compressor sees it all at once. */
const poolBytes = 1024 * 1024

/**
 * The records of a run: 16-byte keys, half-compressible values. All strings are made before
 * anything is timed.
 */
export class Records {
  /** Numbers 0 … count−1 in the order in which a random fill writes them. */
  order
  #keys
  #values

  constructor(count, valueBytes) {
    this.count = count
    this.valueBytes = valueBytes
    this.order = shuffled(count, 42)
    this.#keys = Array.from({ length: count }, (_, number) => keyText(2 * number))
    this.#values = valuePool(valueBytes)
  }

  key(number) {
    return this.#keys[number]
  }

  /** The same text in a string of its own. */
  newKey(number) {
    return keyText(2 * number)
  }

  /** A key that is never written; it sorts between existing keys. */
  absentKey(number) {
    return keyText(2 * number + 1)
  }

  value(number, version = 0) {
    return this.#values[((scatter(number) >>> 8) + version) % this.#values.length]
  }

  put(number, version = 0) {
    return { type: 'put', key: this.key(number), value: this.value(number, version) }
  }

  get recordBytes() {
    return 16 + this.valueBytes
  }
}

function keyText(number) {
  return flat(String(number).padStart(16, '0'))
}

/**
 * Values whose second half repeats the first, as db_bench makes them with compression_ratio 0.5.
 */
export function valuePool(valueBytes) {
  const next = generator(7)
  const count = Math.max(64, Math.floor(poolBytes / valueBytes))
  return Array.from({ length: count }, () => {
    const half = Buffer.alloc(Math.ceil(valueBytes / 2))
    for (let i = 0; i < half.length; i++) half[i] = 32 + (next() % 95)
    return flat(half.toString('latin1').repeat(2).slice(0, valueBytes))
  })
}

/** The runtime keeps pieced strings as trees; engines should not pay for putting them together. */
function flat(text) {
  return Buffer.from(text, 'latin1').toString('latin1')
}
