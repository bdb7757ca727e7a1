import { totalBytes } from '../version/table-metadata.js'
import type { Version } from '../version/version.js'

/** Bytes written to files for each byte that the user wrote; 0 before the first write. */
export function writeAmplification(userBytes: number, writtenBytes: number): number {
  return userBytes === 0 ? 0 : writtenBytes / userBytes
}

/**
 * Bytes of all tables for each byte in the deepest level, which holds one version of most keys: an
 * upper estimate of the space that garbage takes. 1 when there is one level or none.
 */
export function spaceAmplification(version: Version): number {
  const deepest = version.deepestLevel()
  const deepestBytes = version.levelBytes(deepest)
  if (deepest === 0 || deepestBytes === 0) return 1
  return allTableBytes(version) / deepestBytes
}

export function allTableBytes(version: Version): number {
  return totalBytes(version.levels.flat())
}
