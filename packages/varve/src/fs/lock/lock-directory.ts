import type { Clock } from '../../base/clock.js'
import { acquireDirectoryLock, type DirectoryLock } from './directory-lock.js'
import type { FileSystem } from '../file-system.js'
import { nodeLockOwner } from './node-process-identity.js'

/** Makes this thread the owner of a directory. Throws `LOCKED` when it has a living one. */
export function lockDirectory(
  directory: string,
  { fs, clock }: { readonly fs: FileSystem; readonly clock: Clock },
): DirectoryLock {
  // Files that no other thread can reach are guarded by the lock's own list of held directories.
  const owner = fs.sharedWithThreads ? nodeLockOwner : { ...nodeLockOwner, isAlive: () => false }
  return acquireDirectoryLock(fs, directory, clock, owner)
}
