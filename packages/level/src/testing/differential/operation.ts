/**
 * Operations on a database of Level, as plain data: each database under test runs the same ones.
 */

/** Encoded or decoded as this says. */
export type EncodingName = 'utf8' | 'buffer' | 'view' | 'hex' | 'base64' | 'json'

export interface Encodings {
  keyEncoding?: EncodingName
  valueEncoding?: EncodingName
}

/** Where an open iterator or snapshot is kept between operations. */
export type Slot = number

/** Index of the database among the root (0) and its sublevels. */
export type Place = number

export interface Bounds {
  gt?: unknown
  gte?: unknown
  lt?: unknown
  lte?: unknown
}

export interface RangeOptions extends Bounds, Encodings {
  reverse?: boolean
  limit?: number
}

export interface BatchItem extends Encodings {
  type: 'put' | 'del'
  key: unknown
  value?: unknown
  /** Through an option of the operation, not through the database that takes the batch. */
  sublevel?: Place
}

export type IteratorKind = 'iterator' | 'keys' | 'values'

export type Operation =
  | { name: 'put'; on: Place; key: unknown; value: unknown; options: Encodings }
  | { name: 'del'; on: Place; key: unknown; options: Encodings }
  | {
      name: 'get' | 'getSync' | 'has'
      on: Place
      key: unknown
      options: Encodings
      snapshot?: Slot | undefined
    }
  | {
      name: 'getMany' | 'hasMany'
      on: Place
      keys: unknown[]
      options: Encodings
      snapshot?: Slot | undefined
    }
  | { name: 'batch'; on: Place; items: BatchItem[]; options: Encodings }
  | { name: 'chain'; on: Place; items: BatchItem[]; clearedAt: number; isWritten: boolean }
  | { name: 'clear'; on: Place; options: RangeOptions; snapshot?: Slot | undefined }
  | {
      name: 'list'
      on: Place
      kind: IteratorKind
      options: RangeOptions
      snapshot?: Slot | undefined
    }
  | {
      name: 'openIterator'
      on: Place
      kind: IteratorKind
      options: RangeOptions
      snapshot?: Slot | undefined
      slot: Slot
    }
  | { name: 'next' | 'all' | 'closeIterator'; slot: Slot }
  | { name: 'nextv'; slot: Slot; size: number }
  | { name: 'seek'; slot: Slot; target: unknown; options: Encodings }
  | { name: 'openSnapshot'; on: Place; slot: Slot }
  | { name: 'closeSnapshot'; slot: Slot }
  | { name: 'settle' }
  | { name: 'reopen' }
