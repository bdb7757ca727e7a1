import { VarveError } from '../../base/errors.js'
import type { FileSystem } from '../file-system.js'

/** Unfinished closes of this thread, by file system and real path. */
const underWay = new WeakMap<FileSystem, Map<string, Set<Promise<void>>>>()

/**
 * Records that this thread, as the owner or a reader, releases `directory` when `close` settles.
 * Returns `close`.
 */
export function recordClose(
  fs: FileSystem,
  directory: string,
  close: Promise<void>,
): Promise<void> {
  const closes = closesIn(fs)
  const ofDirectory = closes.get(directory) ?? new Set()
  closes.set(directory, ofDirectory.add(close))
  const forget = (): void => {
    ofDirectory.delete(close)
    if (ofDirectory.size === 0 && closes.get(directory) === ofDirectory) closes.delete(directory)
  }
  close.then(forget, forget)
  return close
}

/**
 * Runs `attempt`. If it fails with LOCKED on a directory that this thread is closing, waits until
 * the close ends and runs it again.
 */
export async function afterCloses<T>(fs: FileSystem, attempt: () => T): Promise<T> {
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      const closes = closesOf(fs, error)
      if (closes === undefined) throw error
      // The caller of each close gets its outcome.
      await Promise.allSettled(closes)
    }
  }
}

/** The closes that may release the directory named in a LOCKED error. */
function closesOf(fs: FileSystem, error: unknown): Set<Promise<void>> | undefined {
  if (!(error instanceof VarveError) || error.code !== 'LOCKED') return undefined
  return error.path === undefined ? undefined : closesIn(fs).get(error.path)
}

function closesIn(fs: FileSystem): Map<string, Set<Promise<void>>> {
  const closes = underWay.get(fs) ?? new Map<string, Set<Promise<void>>>()
  underWay.set(fs, closes)
  return closes
}
