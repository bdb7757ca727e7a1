// What the page shows of a tree. Plain data: it crosses the wire as JSON.

/** A table. Keys are base64. */
export interface WireTable {
  readonly fileNumber: number
  readonly sizeBytes: number
  readonly entryCount: number
  readonly deleteCount: number
  readonly rangeDeleteCount: number
  readonly expiringCount: number
  readonly shadowedCount: number
  readonly smallestKey: string
  /** Exclusive; null: no upper bound. */
  readonly endKey: string | null
  readonly minSequence: number
  readonly maxSequence: number
  readonly run: number
  readonly writtenAtMs: number
}

/** A level without its tables. */
export interface WireLevel {
  readonly level: number
  readonly targetBytes: number
  readonly score: number
}

/** A table and its level. */
export interface PlacedTable {
  readonly level: number
  readonly table: WireTable
}

/** All tables at one moment. */
export interface TreeState {
  readonly atMs: number
  readonly levels: readonly WireLevel[]
  readonly tables: readonly PlacedTable[]
}

/** One step from a tree to the next. Deletes apply before adds. */
export interface TreeEdit {
  readonly atMs: number
  readonly deleted: readonly { readonly level: number; readonly fileNumber: number }[]
  readonly added: readonly PlacedTable[]
  /** As they are after the edit; missing in edits of the MANIFEST. */
  readonly levels?: readonly WireLevel[]
}
