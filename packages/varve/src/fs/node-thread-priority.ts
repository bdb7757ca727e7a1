import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** As far as niceness goes. */
const maxNiceness = 19

/**
 * Makes the calling thread nicer than it is, the other threads of its process staying as they are: only
 * Linux knows a niceness of threads. Elsewhere, or where `/proc` does not tell which thread this is, it
 * does nothing. A thread cannot take it back.
 */
export function lowerThreadPriority(by: number): void {
  try {
    const [owner, , thread] = readlinkSync('/proc/thread-self').split('/').map(Number)
    // A /proc of other process ids would name somebody else's thread.
    if (owner !== process.pid) return
    setPriority(thread, Math.min(maxNiceness, getPriority(thread) + by))
  } catch {
    // It works on as it is.
  }
}
