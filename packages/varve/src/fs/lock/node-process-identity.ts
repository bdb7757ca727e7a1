import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import type { LockOwner, ProcessIdentity } from './lock-owner.js'

/**
 * This thread of this process, as the operating system knows it. Linux tells when a process started
 * and which boot and process-id namespace it belongs to, so a process id that was given out again is
 * not mistaken for the dead owner. Elsewhere only the process id is asked for.
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
    // Without an entry in /proc it has ended, or is hidden from this user.
    return startTime === undefined ? answersSignals(other.pid) : startTime === other.startTime
  },
}

/**
 * Field 22 of /proc/<pid>/stat, in clock ticks since boot; undefined when there is no such file, and
 * '' for a process that has ended and only waits for its parent to notice (state Z or X). The fields
 * are counted from behind the name of the program, which may hold spaces and parentheses itself.
 */
function startTimeOf(pid: number): string | undefined {
  const stat = readOr(undefined, () => fs.readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  return state === 'Z' || state === 'X' ? '' : fields[19]
}

/** What one of two processes may not read tells nothing: Deno keeps /proc from programs without `-A`. */
function areKnownToDiffer(a: string, b: string): boolean {
  return a !== '' && b !== '' && a !== b
}

/** A process that this one may not ask is taken to be alive. */
function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** What is not there on this platform has no answer, which is one, too. */
function readOr<T>(otherwise: T, read: () => string): string | T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
