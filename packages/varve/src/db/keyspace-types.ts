import type { EncodingOption } from '../batch/encoding.js'
import type { KeyspaceStats, OpenOptions } from './api.js'

/** The options of `open` that a keyspace can set for itself. */
export type TreeTuning = Pick<
  OpenOptions,
  'blockBytes' | 'tableBytes' | 'filterBitsPerKey' | 'filterAllocation' | 'codec' | 'compaction'
>

/**
 * Options of `db.keyspace`. An option that you leave out has the value that the keyspace was last
 * opened with, or else that of the database.
 */
export interface KeyspaceOptions<
  KE extends EncodingOption | undefined = undefined,
  VE extends EncodingOption | undefined = undefined,
> extends TreeTuning {
  /**
   * How keys become bytes. The name of the encoding is stored, and the keyspace cannot be opened
   * with another one. Default: that of the database.
   */
  keyEncoding?: KE
  /** How values become bytes; see `keyEncoding`. Default: that of the database. */
  valueEncoding?: VE
  /**
   * Time to live in milliseconds of values that are put without `ttlMs`; 0 turns it off.
   *
   * Values: 0, or as for `PutOptions.ttlMs`. Default: values do not expire.
   */
  ttlMs?: number
  /** Create the keyspace if the database has none with that name. Default: true. */
  createIfMissing?: boolean
}

/** A keyspace, as `db.keyspaces` lists it. */
export interface KeyspaceInfo extends KeyspaceStats {
  readonly name: string
  /** Name of its key encoding. */
  readonly keyEncoding: string
  /** Name of its value encoding. */
  readonly valueEncoding: string
  /** Default time to live of its values; undefined if they do not expire. */
  readonly ttlMs: number | undefined
}

/** A database or a keyspace with any types of keys and values. */
export interface AnyStore {
  /** See `db.putSync`. */
  putSync(key: never, value: never): void
}

/**
 * An operation of a `batch` on another keyspace of the same database, for lists made at run time:
 * its key and value are checked when they are encoded.
 */
export type KeyspaceOperation =
  | { keyspace: AnyStore; type: 'put'; key: unknown; value: unknown; ttlMs?: number }
  | { keyspace: AnyStore; type: 'del'; key: unknown }
