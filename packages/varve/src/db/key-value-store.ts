import type {
  BatchOperation,
  CursorOptions,
  IterateOptions,
  Projected,
  Projection,
  PutOptions,
  RangeOptions,
  ReadOptions,
  WriteOptions,
} from './api.js'
import type { Cursor } from './read/cursor.js'
import type { EntryRange } from './read/entry-range.js'

/**
 * Everything that reads: a database, a keyspace and their snapshots.
 *
 * Code that takes a `KeyValueReader` works with any of them.
 */
export interface KeyValueReader<K, V> {
  get(key: K, options?: ReadOptions): Promise<V | undefined>
  getSync(key: K, options?: ReadOptions): V | undefined
  getMany(keys: readonly K[], options?: ReadOptions): Promise<(V | undefined)[]>
  has(key: K, options?: ReadOptions): Promise<boolean>
  hasSync(key: K, options?: ReadOptions): boolean
  entries(options?: IterateOptions<K>): EntryRange<[K, V]>
  keys(options?: IterateOptions<K>): EntryRange<K>
  values(options?: IterateOptions<K>): EntryRange<V>
  cursor<P extends Projection = 'entries'>(
    options?: CursorOptions<K, P>,
  ): Cursor<K, Projected<P, K, V>>
}

/**
 * Everything that reads and writes: a database, which is its own default keyspace, and the other
 * keyspaces.
 */
export interface KeyValueStore<K, V> extends KeyValueReader<K, V> {
  put(key: K, value: V, options?: PutOptions): Promise<void>
  putSync(key: K, value: V, options?: PutOptions): void
  del(key: K, options?: WriteOptions): Promise<void>
  delSync(key: K, options?: WriteOptions): void
  batch(operations: readonly BatchOperation<K, V>[], options?: WriteOptions): Promise<void>
  batchSync(operations: readonly BatchOperation<K, V>[], options?: WriteOptions): void
  clear(range?: RangeOptions<K>, options?: WriteOptions): Promise<void>
}
