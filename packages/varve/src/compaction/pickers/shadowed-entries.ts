import { maySeeShadowed, type TableMetadata } from '../../version/table-metadata.js'

/**
 * Bytes of a table that a rewrite frees, because a newer version or a range delete in the same
 * table hides them. 0 while a snapshot may see any of them.
 *
 *     in the table      k#9  k#4  m#7  m#2        oldest shadowed 2, newest shadowing 9
 *     snapshot at       1 or 9: k#4 and m#2 are freed    2 to 8: unknown
 */
export function freeableBytes(table: TableMetadata, snapshots: readonly number[]): number {
  const { shadowedCount, shadowedBytes, sizeBytes, keyBytes, valueBytes } = table
  if (shadowedCount === 0) return 0
  if (snapshots.some((sequence) => maySeeShadowed(table, sequence))) return 0
  return (sizeBytes * shadowedBytes) / (keyBytes + valueBytes)
}
