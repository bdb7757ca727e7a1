import type { TableSummary } from '../sstable/properties.js'

/**
 * What the tree knows about a table without opening it. Plain data, immutable: it crosses to the
 * background thread and lives in the MANIFEST. Where the file lies follows from its number.
 */
export interface TableMetadata extends TableSummary {
  readonly fileNumber: number
}

export function totalBytes(tables: readonly TableMetadata[]): number {
  let sum = 0
  for (const table of tables) sum += table.sizeBytes
  return sum
}
