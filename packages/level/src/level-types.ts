import type {
  AbstractBatchOperation,
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractChainedBatchWriteOptions,
  AbstractClearOptions,
  AbstractDatabaseOptions,
  AbstractDelOptions,
  AbstractGetManyOptions,
  AbstractGetOptions,
  AbstractHasManyOptions,
  AbstractHasOptions,
  AbstractIterator,
  AbstractIteratorOptions,
  AbstractKeyIterator,
  AbstractKeyIteratorOptions,
  AbstractOpenOptions,
  AbstractPutOptions,
  AbstractSnapshot,
  AbstractValueIterator,
  AbstractValueIteratorOptions,
  Transcoder,
} from 'abstract-level'
import type { OpenOptions as EngineOpenOptions } from 'varve'

// The names are those of classic-level, so that code in TypeScript changes its import and no more.

/** Options of the engine; the encodings are Level's business. */
export type EngineOptions = Omit<EngineOpenOptions, 'keyEncoding' | 'valueEncoding'>

/** Options of the constructor. */
export interface DatabaseOptions<K, V>
  extends AbstractDatabaseOptions<K, V>, Omit<OpenOptions, 'passive'> {}

/** Options of `open`. Sizes are in bytes; one out of range is brought into it. */
export interface OpenOptions extends AbstractOpenOptions {
  /**
   * `false` stores blocks uncompressed. Default: LZ4, where LevelDB has Snappy.
   */
  compression?: boolean | undefined
  /** Table blocks kept in memory. Default 64 MiB. */
  cacheSize?: number | undefined
  /** Bytes that collect in memory before they are flushed, 64 KiB to 1 GiB. Default: 64 MiB. */
  writeBufferSize?: number | undefined
  /** Size at which a block of a table is closed, 256 B to 1 MiB. Default 4096. */
  blockSize?: number | undefined
  /** Table files held open, 16 to 100,000. Default 1000. */
  maxOpenFiles?: number | undefined
  /** Size at which compaction starts the next table, 64 KiB to 4 GiB. Default 32 MiB. */
  maxFileSize?: number | undefined
  /** Has no meaning here, and no effect. */
  blockRestartInterval?: number | undefined
  /**
   * Has no effect: a directory has one owner, also among the threads of a process. A second `open`
   * fails with `LEVEL_LOCKED`.
   */
  multithreading?: boolean | undefined
  /**
   * What Varve has and LevelDB has not: durability, compaction, filters and more. Wins over the
   * others.
   */
  varve?: EngineOptions | undefined
}

export interface ReadOptions {
  /** Has no effect: blocks that are read are kept as far as `cacheSize` goes. */
  fillCache?: boolean | undefined
}

export interface WriteOptions {
  /** Settle only when the write would survive power loss. Default false. */
  sync?: boolean | undefined
}

export interface AdditionalIteratorOptions extends ReadOptions {
  /** Bytes of keys and values after which one `nextv` ends early. Default 256 KiB. */
  highWaterMarkBytes?: number | undefined
}

export interface StartEndOptions<K> {
  /** Encoding of `start` and `end`. */
  keyEncoding?: string | Transcoder.PartialEncoder<K> | undefined
}

export interface GetOptions<K, V> extends AbstractGetOptions<K, V>, ReadOptions {}
export interface GetManyOptions<K, V> extends AbstractGetManyOptions<K, V>, ReadOptions {}
export interface HasOptions<K> extends AbstractHasOptions<K>, ReadOptions {}
export interface HasManyOptions<K> extends AbstractHasManyOptions<K>, ReadOptions {}
export interface PutOptions<K, V> extends AbstractPutOptions<K, V>, WriteOptions {}
export interface DelOptions<K> extends AbstractDelOptions<K>, WriteOptions {}
export interface BatchOptions<K, V> extends AbstractBatchOptions<K, V>, WriteOptions {}
export interface ClearOptions<K> extends AbstractClearOptions<K>, WriteOptions {}
export interface ChainedBatchWriteOptions extends AbstractChainedBatchWriteOptions, WriteOptions {}

export type BatchOperation<TDatabase, K, V> = AbstractBatchOperation<TDatabase, K, V>
export type Iterator<TDatabase, K, V> = AbstractIterator<TDatabase, K, V>
export type KeyIterator<TDatabase, K> = AbstractKeyIterator<TDatabase, K>
export type ValueIterator<TDatabase, K, V> = AbstractValueIterator<TDatabase, K, V>
export type IteratorOptions<K, V> = AbstractIteratorOptions<K, V> & AdditionalIteratorOptions
export type KeyIteratorOptions<K> = AbstractKeyIteratorOptions<K> & AdditionalIteratorOptions
export type ValueIteratorOptions<K, V> = AbstractValueIteratorOptions<K, V> &
  AdditionalIteratorOptions
export type Snapshot = AbstractSnapshot

export interface ChainedBatch<TDatabase, K, V> extends AbstractChainedBatch<TDatabase, K, V> {
  write(): Promise<void>
  write(options: ChainedBatchWriteOptions): Promise<void>
}
