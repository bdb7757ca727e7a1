import type { EncodingOption } from '../batch/encoding.js'
import type { OpenOptions } from './api.js'

/** Options of `open` that a keyspace can have of its own. */
export type TreeTuning = Pick<
  OpenOptions,
  'blockBytes' | 'tableBytes' | 'filterBitsPerKey' | 'filterAllocation' | 'codec' | 'compaction'
>

/**
 * Options of `db.keyspace`. An option that is left out is as in the database, or as it was given
 * when the keyspace was last opened.
 */
export interface KeyspaceOptions<
  KE extends EncodingOption | undefined = undefined,
  VE extends EncodingOption | undefined = undefined,
> extends TreeTuning {
  /**
   * How keys become bytes. The name of the encoding is stored: opening the keyspace with another
   * one is refused. Default: that of the database.
   */
  keyEncoding?: KE
  /** How values become bytes; see `keyEncoding`. Default: that of the database. */
  valueEncoding?: VE
  /**
   * Time to live in milliseconds of values that are put without `ttlMs`. 0 turns it off again.
   *
   * Values: 0, or as for `PutOptions.ttlMs`. Default: values do not expire.
   */
  ttlMs?: number
  /** Create the keyspace if the database has none of that name. Default: true. */
  createIfMissing?: boolean
}

/** A keyspace, as `db.keyspaces` lists it. */
export interface KeyspaceInfo {
  readonly name: string
  /** Name of its encoding of keys. */
  readonly keyEncoding: string
  /** Name of its encoding of values. */
  readonly valueEncoding: string
  /** Time to live of values that are put without one; undefined if they do not expire. */
  readonly ttlMs: number | undefined
  /** Tables on disk. */
  readonly tables: number
  /** Bytes of these tables. */
  readonly sizeBytes: number
  /** Bytes of memory of its memtables. */
  readonly memtableBytes: number
}

/** A database or a keyspace, whatever its types. */
export interface AnyStore {
  /** As `db.putSync`. */
  putSync(key: never, value: never): void
}

/** An operation of a `batch` on another keyspace of the same database. */
export type KeyspaceOperation =
  | { keyspace: AnyStore; type: 'put'; key: unknown; value: unknown; ttlMs?: number }
  | { keyspace: AnyStore; type: 'del'; key: unknown }
