import type { Clock } from '../../base/clock.js'
import type { FileSystem } from '../file-system.js'
import { acquireDirectoryLock, type DirectoryLock } from './directory-lock.js'
import type { LockOwner } from './lock-owner.js'
import { requireNoReaders } from './reader-lease.js'

/** What taking a lock needs. */
export interface LockSite {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly lockOwner: LockOwner
}

/** Makes this thread the owner of a directory. Throws `LOCKED` when it has a living one. */
export function lockDirectory(directory: string, site: LockSite): DirectoryLock {
  const { fs, clock, lockOwner } = site
  // Files that no other thread can reach are guarded by the lock's own list of held directories.
  const owner = fs.sharedWithThreads ? lockOwner : { ...lockOwner, isAlive: () => false }
  return acquireDirectoryLock(fs, directory, clock, owner)
}

/** The same, for changing files in place. Throws `LOCKED` also while a reader uses the directory. */
export function lockWithoutReaders(directory: string, site: LockSite): DirectoryLock {
  const lock = lockDirectory(directory, site)
  try {
    requireNoReaders(site.fs, lock.path, site.lockOwner)
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}
