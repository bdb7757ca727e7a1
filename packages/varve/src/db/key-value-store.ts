import type {
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
import type { Operations } from './typed-operations.js'

/**
 * The methods for reading, which databases, keyspaces and their snapshots have.
 *
 * Code that takes a `KeyValueReader` works with any of them.
 */
export interface KeyValueReader<K, V> {
  /** Returns the value of a key, or undefined if it has none. */
  get(key: K, options?: ReadOptions): Promise<V | undefined>
  /** Like `get`, but synchronous. */
  getSync(key: K, options?: ReadOptions): V | undefined
  /** Returns the values of several keys, in the same order, all from one state. */
  getMany(keys: readonly K[], options?: ReadOptions): Promise<(V | undefined)[]>
  /** Returns whether a key has a value. */
  has(key: K, options?: ReadOptions): Promise<boolean>
  /** Like `has`, but synchronous. */
  hasSync(key: K, options?: ReadOptions): boolean
  /** Returns the entries of a range, in the order of the keys. */
  entries(options?: IterateOptions<K>): EntryRange<[K, V]>
  /** Returns the keys of a range, in order. */
  keys(options?: IterateOptions<K>): EntryRange<K>
  /** Returns the values of a range, in the order of the keys. */
  values(options?: IterateOptions<K>): EntryRange<V>
  /** Returns an iterator that reads entries in batches of any size and can seek. */
  cursor<P extends Projection = 'entries'>(
    options?: CursorOptions<K, P>,
  ): Cursor<K, Projected<P, K, V>>
}

/**
 * The methods for reading and writing, which databases and keyspaces have. A database is its own
 * default keyspace.
 */
export interface KeyValueStore<K, V> extends KeyValueReader<K, V> {
  /** Sets the value of a key. */
  put(key: K, value: V, options?: PutOptions): Promise<void>
  /** Like `put`, but synchronous. */
  putSync(key: K, value: V, options?: PutOptions): void
  /** Deletes a key. Does nothing if it has no value. */
  del(key: K, options?: WriteOptions): Promise<void>
  /** Like `del`, but synchronous. */
  delSync(key: K, options?: WriteOptions): void
  /** Applies all operations or none. An operation with a `keyspace` goes there. */
  batch<Stores extends readonly unknown[]>(
    operations: Operations<Stores, K, V>,
    options?: WriteOptions,
  ): Promise<void>
  /** Like `batch`, but synchronous. */
  batchSync<Stores extends readonly unknown[]>(
    operations: Operations<Stores, K, V>,
    options?: WriteOptions,
  ): void
  /** Deletes all keys in a range with one write. */
  clear(range?: RangeOptions<K>, options?: WriteOptions): Promise<void>
}
