import type { TableMetadata } from '../table-metadata.js'
import { levelCount, type Levels, sortLevel, Version } from '../version.js'

/** Metadata of a table without a file; `end` is exclusive, null means no bound. */
export function fakeTable(
  fileNumber: number,
  start: string,
  end: string | null,
  fields: Partial<TableMetadata> = {},
): TableMetadata {
  return {
    fileNumber,
    sizeBytes: 100,
    range: { start: Buffer.from(start), end: end === null ? null : Buffer.from(end) },
    minSequence: fileNumber,
    maxSequence: fileNumber,
    entryCount: 10,
    deleteCount: 0,
    rangeDeleteCount: 0,
    expiringCount: 0,
    lastExpiryMs: 0,
    shadowedCount: 0,
    shadowedBytes: 0,
    oldestShadowed: 0,
    newestShadowing: 0,
    keyBytes: 50,
    valueBytes: 50,
    run: 0,
    writtenAtMs: 0,
    ...fields,
  }
}

/** A Version with these tables, sorted; missing levels are empty. */
export function fakeVersion(levels: readonly (readonly TableMetadata[])[]): Version {
  return new Version(0, sortedLevels(levels))
}

export function sortedLevels(levels: readonly (readonly TableMetadata[])[]): Levels {
  return Array.from({ length: levelCount }, (_, level) => sortLevel(level, levels[level] ?? []))
}
