import type { TableSummary } from '../sstable/format/properties.js'

/** A table that a job has written and that is in no Version yet. */
export interface WrittenTable extends TableSummary {
  readonly fileNumber: number
}

/**
 * Everything that the tree knows about a table without opening it. Immutable plain data: it is sent
 * to the background thread and stored in the MANIFEST. The file number determines the path.
 */
export interface TableMetadata extends WrittenTable {
  /** The sorted run of its level that contains it; a higher number is newer. 0 on level 0. */
  readonly run: number
  /** When the file was written, in milliseconds since 1970; 0 means unknown. */
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
