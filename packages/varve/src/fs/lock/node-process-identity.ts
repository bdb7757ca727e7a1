import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import type { LockOwner, ProcessIdentity } from './lock-owner.js'

/**
 * This thread of this process, as the operating system knows it. Linux reports when a process
 * started and its boot and process-id namespace, so a process with a reused id is not mistaken for
 * the dead owner. Elsewhere only the process id is checked.
 */
export const nodeLockOwner: LockOwner = {
  identity: {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: readOr('', () => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: readOr('', () => fs.readlinkSync('/proc/self/ns/pid')),
    hostname: readOr('', hostname),
    threadId,
  },

  isAlive(other: ProcessIdentity): boolean {
    const { bootId, pidNamespace } = nodeLockOwner.identity
    if (areKnownToDiffer(other.bootId, bootId)) return false
    if (areKnownToDiffer(other.pidNamespace, pidNamespace)) return false
    if (other.startTime === '') return answersSignals(other.pid)
    const startTime = startTimeOf(other.pid)
    // Without an entry in /proc, the process has ended or is hidden from this user.
    return startTime === undefined ? answersSignals(other.pid) : startTime === other.startTime
  },
}

/**
 * Field 22 of /proc/<pid>/stat, in clock ticks since boot. Undefined if there is no such file, and
 * '' for a process that has ended but was not reaped by its parent (state Z or X). Counts the
 * fields after the program name, which may contain spaces and parentheses.
 */
function startTimeOf(pid: number): string | undefined {
  const stat = readOr(undefined, () => fs.readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  return state === 'Z' || state === 'X' ? '' : fields[19]
}

/**
 * An empty value was unreadable and proves nothing: Deno hides /proc from programs without `-A`.
 */
function areKnownToDiffer(a: string, b: string): boolean {
  return a !== '' && b !== '' && a !== b
}

/** A process that this one may not signal is considered alive. */
function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Returns `otherwise` on platforms without the file. */
function readOr<T>(otherwise: T, read: () => string): string | T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
