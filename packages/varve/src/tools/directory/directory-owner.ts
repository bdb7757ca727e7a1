import { livingOwner } from '../../fs/lock/directory-lock.js'
import type { Site } from './tool-options.js'

/** Where a database is open for writing. */
export interface DirectoryOwner {
  readonly pid: number
  /** Worker thread of the process; 0 is its main thread. */
  readonly threadId: number
  readonly hostname: string
  /** When it opened the database, in milliseconds since 1970. */
  readonly sinceMs: number
}

/** Undefined when no process has the database open for writing. */
export function ownerOf({ fs, directory, lockOwner }: Site): DirectoryOwner | undefined {
  const record = livingOwner(fs, directory, lockOwner)
  if (record === undefined) return undefined
  const { pid, threadId, hostname, sinceMs } = record
  return { pid, threadId, hostname, sinceMs }
}
