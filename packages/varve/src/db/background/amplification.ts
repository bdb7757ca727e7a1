import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'

/** Bytes written to files per byte that the user wrote; 0 before the first write. */
export function writeAmplification(userBytes: number, writtenBytes: number): number {
  return userBytes === 0 ? 0 : writtenBytes / userBytes
}

/**
 * Bytes of all tables per byte in the oldest run. The oldest run holds one version of most keys, so
 * this is an upper estimate of the space that garbage takes. 1 without a run below level 0.
 */
export function spaceAmplification(version: Version): number {
  const oldest = version.runs.at(-1)
  return oldest === undefined ? 1 : allTableBytes(version) / oldest.sizeBytes
}

export function allTableBytes(version: Version): number {
  return totalBytes(version.levels.flat())
}
