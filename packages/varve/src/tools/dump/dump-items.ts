import type { TablePart } from '../../sstable/salvage/tolerant-table.js'
import type { TableMetadata } from '../../version/table-metadata.js'

/**
 * What `dump` finds in a file, in the order of the file. Keys and values are valid until the next
 * item.
 */
export type DumpItem =
  | FileItem
  | CurrentItem
  | LogStartItem
  | MarkItem
  | CommitItem
  | OperationItem
  | EditItem
  | PropertiesItem
  | BlockItem
  | EntryItem
  | RangeDeleteItem
  | DamageItem
  | TornItem

/** The first item of each file. */
export interface FileItem {
  readonly type: 'file'
  readonly name: string
  /** By what it holds, which need not be what its name says. */
  readonly kind: 'log' | 'manifest' | 'table' | 'current'
  readonly sizeBytes: number
  /** Of a log and a MANIFEST: the number in the header, as far as that can be read. */
  readonly number?: number
}

/** CURRENT: the MANIFEST in use. */
export interface CurrentItem {
  readonly type: 'current'
  readonly manifest: string
}

/** The first record of a write-ahead log: where the one before it ended. */
export interface LogStartItem {
  readonly type: 'start'
  readonly offset: number
  readonly previousLog: number
  readonly previousBytes: number
}

/** A record without content, which says how much of the file was synced before it. */
export interface MarkItem {
  readonly type: 'mark'
  readonly offset: number
  readonly durableBytes: number
}

/** A record of a write-ahead log; its operations follow. */
export interface CommitItem {
  readonly type: 'commit'
  readonly offset: number
  readonly sizeBytes: number
  readonly durableBytes: number
  readonly firstSequence: number
  readonly operations: number
}

/** A write of a commit. */
export interface OperationItem {
  readonly type: 'operation'
  readonly kind: EntryKind
  readonly sequence: number
  readonly keyspace: number
  /** Of a range delete its start. */
  readonly key: Uint8Array
  /** Of a put. */
  readonly value?: Uint8Array
  /** Of a put that expires: when, in milliseconds since 1970. */
  readonly expiresAtMs?: number
  /** Of a range delete; null without an upper bound. */
  readonly end?: Uint8Array | null
}

/** What an entry does to its key or range. */
export type EntryKind = 'put' | 'delete' | 'range delete'

/** A record of a MANIFEST. */
export interface EditItem {
  readonly type: 'edit'
  readonly offset: number
  readonly durableBytes: number
  readonly formatVersion?: number
  readonly logNumber?: number
  readonly nextFileNumber?: number
  readonly lastSequence?: number
  readonly deleted: readonly { level: number; fileNumber: number; keyspace: number }[]
  readonly added: readonly { level: number; keyspace: number; table: TableMetadata }[]
}

/** What a table says of itself. */
export interface PropertiesItem {
  readonly type: 'properties'
  readonly offset: number | undefined
  readonly range: { readonly start: Uint8Array; readonly end: Uint8Array | null }
  readonly minSequence: number
  readonly maxSequence: number
  readonly baseSequence: number
  readonly entryCount: number
  readonly deleteCount: number
  readonly rangeDeleteCount: number
  readonly expiringCount: number
  readonly lastExpiryMs: number
  readonly shadowedCount: number
  readonly shadowedBytes: number
  readonly oldestShadowed: number
  readonly newestShadowing: number
  readonly keyBytes: number
  readonly valueBytes: number
  readonly dataBlockCount: number
  readonly filterBitsPerKey: number
  readonly codec: string
  /** Names of what the writer's user added. */
  readonly userProperties: readonly string[]
}

/** A data block; its entries follow. */
export interface BlockItem {
  readonly type: 'block'
  readonly offset: number
  /** In the file, and unpacked. */
  readonly sizeBytes: number
  readonly payloadBytes: number
  readonly entries: number
  readonly firstKey: Uint8Array
  readonly lastKey: Uint8Array
}

/** An entry of a block: a version of a key. */
export interface EntryItem {
  readonly type: 'entry'
  readonly kind: EntryKind
  /** Undefined: the table has lost what the sequences are relative to. */
  readonly sequence: number | undefined
  readonly key: Uint8Array
  readonly value?: Uint8Array
  readonly expiresAtMs?: number
}

/** A range tombstone of a table. */
export interface RangeDeleteItem {
  readonly type: 'range delete'
  readonly sequence: number
  readonly start: Uint8Array
  readonly end: Uint8Array | null
}

/** A stretch that cannot be read. */
export interface DamageItem {
  readonly type: 'damage'
  readonly offset: number
  readonly sizeBytes: number
  readonly message: string
  /** Of a table. */
  readonly part?: TablePart
}

/** The end of a log that was never finished: the database drops it. */
export interface TornItem {
  readonly type: 'torn'
  readonly offset: number
  readonly sizeBytes: number
}
