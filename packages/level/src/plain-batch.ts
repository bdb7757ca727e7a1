import type { BatchOperation } from 'varve'
import type { Data } from './level-encoding.js'

export type PlainOperation = BatchOperation<Data, Data>

/** Options of a batch that are the default of its operations. */
export interface PlainOptions {
  readonly keyEncoding?: unknown
  readonly valueEncoding?: unknown
  readonly sync?: boolean | undefined
}

interface GivenOperation extends PlainOptions {
  readonly type: string
  readonly key: unknown
  readonly value?: unknown
  readonly sublevel?: unknown
}

/** The two methods of a database that are needed here, which name or find an encoding. */
interface EncodingSource {
  keyEncoding(encoding: 'utf8'): unknown
  valueEncoding(encoding: 'utf8'): unknown
}

/**
 * Operations with encoded keys and values, in objects that hold nothing else: abstract-level copies
 * all properties of each operation, for hooks and listeners to see. Undefined when one of them
 * needs abstract-level after all: it is for a sublevel, or is wrong and wants the right error.
 *
 * Requires: no hook and no listener takes part.
 */
export function encodePlain(
  db: EncodingSource,
  operations: readonly GivenOperation[],
  options?: PlainOptions,
): PlainOperation[] | undefined {
  const keyDefault = keyEncodingOf(db, options?.keyEncoding)
  const valueDefault = valueEncodingOf(db, options?.valueEncoding)
  const encoded = new Array<PlainOperation>(operations.length)
  for (let i = 0; i < operations.length; i++) {
    const { type, key, value, keyEncoding, valueEncoding, sublevel } = operations[i]
    if (sublevel != null || key == null) return undefined
    const keys = keyEncoding === undefined ? keyDefault : keyEncodingOf(db, keyEncoding)
    if (type === 'put') {
      if (value == null) return undefined
      const values = valueEncoding === undefined ? valueDefault : valueEncodingOf(db, valueEncoding)
      encoded[i] = { type, key: keys.encode(key), value: values.encode(value) }
    } else if (type === 'del') {
      encoded[i] = { type, key: keys.encode(key) }
    } else return undefined
  }
  return encoded
}

interface Encoder {
  encode(value: unknown): Data
}

function keyEncodingOf(db: EncodingSource, encoding: unknown): Encoder {
  return db.keyEncoding(encoding as 'utf8') as Encoder
}

function valueEncodingOf(db: EncodingSource, encoding: unknown): Encoder {
  return db.valueEncoding(encoding as 'utf8') as Encoder
}
