import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'

/** Bytes written to files for each byte that the user wrote; 0 before the first write. */
export function writeAmplification(userBytes: number, writtenBytes: number): number {
  return userBytes === 0 ? 0 : writtenBytes / userBytes
}

/**
 * Bytes of all tables for each byte in the oldest run, which holds one version of most keys: an upper
 * estimate of the space that garbage takes. 1 when there is no run below level 0.
 */
export function spaceAmplification(version: Version): number {
  const oldest = version.runs.at(-1)
  return oldest === undefined ? 1 : allTableBytes(version) / oldest.sizeBytes
}

export function allTableBytes(version: Version): number {
  return totalBytes(version.levels.flat())
}
