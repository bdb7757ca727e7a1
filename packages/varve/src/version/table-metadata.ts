import type { TableSummary } from '../sstable/format/properties.js'

/** A table that a job has written and no Version holds yet. */
export interface WrittenTable extends TableSummary {
  readonly fileNumber: number
}

/**
 * What the tree knows about a table without opening it. Plain data, immutable: it crosses to the
 * background thread and lives in the MANIFEST. Where the file lies follows from its number.
 */
export interface TableMetadata extends WrittenTable {
  /** The sorted run of its level that it belongs to; a higher number is newer. 0 on level 0. */
  readonly run: number
  /** When the file was written, in milliseconds since 1970; 0: not known. */
  readonly writtenAtMs: number
}

/** Whether a reader at `sequence` may see entries that newer ones in the same table hide. */
export function maySeeShadowed(
  { oldestShadowed, newestShadowing }: TableMetadata,
  sequence: number,
): boolean {
  return sequence >= oldestShadowed && sequence < newestShadowing
}

export function totalBytes(tables: readonly TableMetadata[]): number {
  let sum = 0
  for (const table of tables) sum += table.sizeBytes
  return sum
}
