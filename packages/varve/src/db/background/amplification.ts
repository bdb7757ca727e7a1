import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'

/** Bytes written to files per byte that the user wrote; 0 before the first write. */
export function writeAmplification(userBytes: number, writtenBytes: number): number {
  return userBytes === 0 ? 0 : writtenBytes / userBytes
}

/**
 * Bytes of all tables per byte in the oldest run. The oldest run holds one version of most keys, so
 * the ratio overestimates garbage rather than underestimates it. 1 if there is no run below level
 * 0.
 */
export function spaceAmplification(versions: readonly Version[]): number {
  let oldestBytes = 0
  let tableBytes = 0
  for (const version of versions) {
    const oldest = version.runs.at(-1)
    if (oldest === undefined) continue
    oldestBytes += oldest.sizeBytes
    tableBytes += allTableBytes(version)
  }
  return oldestBytes === 0 ? 1 : tableBytes / oldestBytes
}

export function allTableBytes(version: Version): number {
  return totalBytes(version.levels.flat())
}
