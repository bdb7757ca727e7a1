import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LevelError } from './level-error.js'

/**
 * Where the first edit of a LevelDB MANIFEST ends at the latest, its comparator's name included.
 */
const probedBytes = 256

/**
 * Refuses a directory that holds a database of LevelDB, which has files of the same names.
 * Synchronous, so that `open` makes the directory before anything else runs.
 */
export function refuseLevelDb(location: string): void {
  const current = firstBytes(join(location, 'CURRENT'))
  const manifest = /^MANIFEST-\d{6,}(?=\n$)/.exec(current)?.[0]
  if (manifest === undefined) return
  if (!firstBytes(join(location, manifest)).includes('leveldb.')) return
  throw new LevelError(
    'LEVEL_NOT_SUPPORTED',
    `${location} holds a database of LevelDB: copy it with \`varve import --from leveldb\` of @varve/cli, ` +
      'and open the copy',
  )
}

/**
 * Empty when there is no such file, or it cannot be read: what the engine then reports says more.
 */
function firstBytes(path: string): string {
  const bytes = Buffer.alloc(probedBytes)
  let file: number | undefined
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return ''
    file = openSync(path, 'r')
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, probedBytes, 0))
  } catch {
    return ''
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
