import { type TableMetadata, totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { FifoCompaction } from './compaction-options.js'
import type { PickConditions } from './pick-conditions.js'
import { type CompactionSpec, makeDrop } from './compaction-spec.js'

/**
 * Drops tables while their total size is too large or the oldest is too old. Drops the oldest place
 * first, so that no older version of a key becomes visible. A table of unknown age is dropped only
 * because of the total size.
 */
export function pickFifo(
  version: Version,
  { maxBytes, maxAgeMs }: FifoCompaction,
  { busy, nowMs }: Pick<PickConditions, 'busy' | 'nowMs'>,
): CompactionSpec | undefined {
  const tables = oldestFirst(version)
  let bytes = totalBytes(tables)
  let count = 0
  let reason = ''
  for (const { fileNumber, sizeBytes, writtenAtMs } of tables) {
    const ageMs = writtenAtMs === 0 ? 0 : nowMs - writtenAtMs
    if (busy.has(fileNumber) || (bytes <= maxBytes && ageMs <= maxAgeMs)) break
    if (count++ === 0) {
      reason =
        bytes > maxBytes ? `${bytes} bytes, ${maxBytes} are kept` : `older than ${maxAgeMs} ms`
    }
    bytes -= sizeBytes
  }
  if (count === 0) return undefined
  return makeDrop(version, reason, tables.slice(0, count))
}

/** Tables by age. Within a run that another policy has left, ordered by their last write. */
function oldestFirst(version: Version): TableMetadata[] {
  const runs = version.runs.map(({ tables }) =>
    [...tables].sort((a, b) => b.maxSequence - a.maxSequence),
  )
  return [...version.levels[0], ...runs.flat()].reverse()
}
