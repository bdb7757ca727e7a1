import { VarveError } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { adviceFor, type ForeignEngine, foreignEngineIn, isLmdbFile } from './foreign-database.js'

/**
 * Refuses what cannot be, or become, a directory of Varve: a file, or a database of another engine.
 * Requires: `path` exists.
 *
 * @throws INVALID_ARGUMENT for a file, UNSUPPORTED_FORMAT for a database of another engine, IO
 */
export function requireOwnDirectory(fs: FileSystem, path: string): void {
  const names = namesIn(fs, path)
  const engine = names === undefined ? engineOfFile(fs, path) : foreignEngineIn(fs, path, names)
  if (engine !== undefined) {
    const message = `${path} holds a database of ${engine}: ${adviceFor(engine, path)}`
    throw new VarveError('UNSUPPORTED_FORMAT', message, { path })
  }
  if (names === undefined) {
    const message = `${path} is a file; a database is a directory, so choose another path`
    throw new VarveError('INVALID_ARGUMENT', message, { path })
  }
}

/** LMDB can keep a database in a file. */
function engineOfFile(fs: FileSystem, path: string): ForeignEngine | undefined {
  return isLmdbFile(fs, path) ? 'LMDB' : undefined
}

/** Undefined: it is not a directory. */
function namesIn(fs: FileSystem, path: string): readonly string[] | undefined {
  try {
    return fs.list(path)
  } catch (error) {
    if (error instanceof VarveError && error.systemCode === 'ENOTDIR') return undefined
    throw error
  }
}
