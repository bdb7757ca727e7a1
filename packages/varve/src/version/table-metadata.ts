import type { KeyRange } from '../key/key-range.js'

/**
 * What the tree knows about a table without opening it. Plain data, immutable: it crosses to the
 * background thread and lives in the MANIFEST. Where the file lies follows from its number.
 */
export interface TableMetadata {
  readonly fileNumber: number
  readonly sizeBytes: number
  /** Holds every key and range delete of the table. Never empty. */
  readonly range: KeyRange
  readonly minSequence: number
  readonly maxSequence: number
  /** Entries, deletes included, range deletes not. */
  readonly entryCount: number
  readonly deleteCount: number
  readonly rangeDeleteCount: number
  /** Sums over the entries, before compression. */
  readonly keyBytes: number
  readonly valueBytes: number
}

export function totalBytes(tables: readonly TableMetadata[]): number {
  let sum = 0
  for (const table of tables) sum += table.sizeBytes
  return sum
}
