import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** The highest niceness. */
const maxNiceness = 19

/**
 * Raises the niceness of the calling thread. Only Linux has a niceness per thread; elsewhere, or
 * where `/proc` does not identify the thread, this does nothing. A thread cannot undo it.
 */
export function lowerThreadPriority(by: number): void {
  try {
    const [owner, , thread] = readlinkSync('/proc/thread-self').split('/').map(Number)
    // A /proc with other process ids would name another process's thread.
    if (owner !== process.pid) return
    setPriority(thread, Math.min(maxNiceness, getPriority(thread) + by))
  } catch {
    // The thread keeps its priority.
  }
}
