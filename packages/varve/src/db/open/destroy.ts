import { join } from 'node:path'
import { systemClock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import type { FileSystem } from '../../fs/file-system.js'
import { lockWithoutReaders } from '../../fs/lock/lock-directory.js'
import { nodeLockOwner } from '../../fs/lock/node-process-identity.js'
import { currentName, parseFileName } from '../../store/file-names.js'
import { requireOwnDirectory } from '../../version/database-directory.js'
import { isOwnManifest } from '../../version/manifest.js'

/** See `destroy` in index.ts. */
export function destroyDatabase(path: string, fs: FileSystem): void {
  if (!fs.exists(path)) return
  requireOwnFiles(fs, path)
  const lock = lockWithoutReaders(path, { fs, clock: systemClock, lockOwner: nodeLockOwner })
  try {
    // CURRENT first: after a crash half-way, the other files cannot be opened as a database.
    const names = fs
      .list(path)
      .sort((a, b) => Number(b === currentName) - Number(a === currentName))
    for (const name of names) {
      const file = parseFileName(name)
      if (file === undefined || file.kind === 'lock' || file.kind === 'reader') continue
      fs.remove(join(path, name))
    }
    fs.syncDirectory(path)
  } finally {
    lock.release()
  }
}

/** Throws if the files belong to another engine, which uses the same names. */
function requireOwnFiles(fs: FileSystem, path: string): void {
  try {
    requireOwnDirectory(fs, path)
  } catch (error) {
    if (!(error instanceof VarveError) || error.code !== 'UNSUPPORTED_FORMAT') throw error
    throw foreignFiles(path, error)
  }
  if (fs.exists(join(path, currentName)) && !isOwnManifest(fs, path)) throw foreignFiles(path)
}

function foreignFiles(path: string, cause?: VarveError): VarveError {
  const message = `${path} holds a database of another engine; its files are not removed`
  return new VarveError('INVALID_ARGUMENT', message, { path, cause })
}
