import type { Clock } from '../../base/clock.js'
import type { FileSystem } from '../file-system.js'
import { acquireDirectoryLock, type DirectoryLock } from './directory-lock.js'
import type { LockOwner } from './lock-owner.js'
import { requireNoReaders } from './reader-lease.js'

/** Dependencies of taking a lock. */
export interface LockSite {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly lockOwner: LockOwner
}

/** Makes this thread the owner of a directory. Throws `LOCKED` when it has a living owner. */
export function lockDirectory(directory: string, site: LockSite): DirectoryLock {
  const { fs, clock, lockOwner } = site
  // The lock's own list of held directories guards files that no other thread can reach.
  const owner = fs.sharedWithThreads ? lockOwner : { ...lockOwner, isAlive: () => false }
  return acquireDirectoryLock(fs, directory, clock, owner)
}

/**
 * Like `lockDirectory`, for changing files in place. Also throws `LOCKED` while a reader is active.
 */
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
