import type { Clock } from '../../base/clock.js'
import { isNotFound, VarveError } from '../../base/errors.js'
import type { FileSystem } from '../../fs/file-system.js'

/** Attempts to read a directory before damage is reported, because its owner may be writing. */
const maxAttempts = 6

/**
 * Reads a directory that another process may own. The owner may add and remove files meanwhile, so
 * a missing file or damage is reported only after several attempts.
 */
export function readBesideOwner<T>(fs: FileSystem, clock: Clock, read: () => T): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return read()
    } catch (error) {
      if (!fs.sharedWithThreads || attempt === maxAttempts || !mayPass(error)) throw error
      clock.sleepSync(attempt)
    }
  }
}

function mayPass(error: unknown): boolean {
  return isNotFound(error) || (error instanceof VarveError && error.code === 'CORRUPTION')
}
