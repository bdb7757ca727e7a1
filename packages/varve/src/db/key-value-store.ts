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
import type { KeyspaceOperation } from './keyspace-types.js'
import type { Cursor } from './read/cursor.js'
import type { EntryRange } from './read/entry-range.js'

/**
 * Everything that reads: a database, a keyspace and their snapshots.
 *
 * Code that takes a `KeyValueReader` works with any of them.
 */
export interface KeyValueReader<K, V> {
  /** The value of a key. Undefined if it has none. */
  get(key: K, options?: ReadOptions): Promise<V | undefined>
  /** As `get`, but done when it returns. */
  getSync(key: K, options?: ReadOptions): V | undefined
  /** The values of several keys, in their order, all of one state. */
  getMany(keys: readonly K[], options?: ReadOptions): Promise<(V | undefined)[]>
  /** Whether a key has a value. */
  has(key: K, options?: ReadOptions): Promise<boolean>
  /** As `has`, but done when it returns. */
  hasSync(key: K, options?: ReadOptions): boolean
  /** The entries of a range, in order of the keys. */
  entries(options?: IterateOptions<K>): EntryRange<[K, V]>
  /** The keys of a range, in order. */
  keys(options?: IterateOptions<K>): EntryRange<K>
  /** The values of a range, in order of the keys. */
  values(options?: IterateOptions<K>): EntryRange<V>
  /** An iterator that returns entries in batches of any size and can jump. */
  cursor<P extends Projection = 'entries'>(
    options?: CursorOptions<K, P>,
  ): Cursor<K, Projected<P, K, V>>
}

/**
 * Everything that reads and writes: a database, which is its own default keyspace, and the other
 * keyspaces.
 */
export interface KeyValueStore<K, V> extends KeyValueReader<K, V> {
  /** Sets the value of a key. */
  put(key: K, value: V, options?: PutOptions): Promise<void>
  /** As `put`, but done when it returns. */
  putSync(key: K, value: V, options?: PutOptions): void
  /** Deletes a key. Does nothing if it has no value. */
  del(key: K, options?: WriteOptions): Promise<void>
  /** As `del`, but done when it returns. */
  delSync(key: K, options?: WriteOptions): void
  /** Applies all operations or none. */
  batch(
    operations: readonly (BatchOperation<K, V> | KeyspaceOperation)[],
    options?: WriteOptions,
  ): Promise<void>
  /** As `batch`, but done when it returns. */
  batchSync(
    operations: readonly (BatchOperation<K, V> | KeyspaceOperation)[],
    options?: WriteOptions,
  ): void
  /** Deletes all keys of a range with one write. */
  clear(range?: RangeOptions<K>, options?: WriteOptions): Promise<void>
}
