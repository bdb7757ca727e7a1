import { VarveError } from '../../base/errors.js'
import type { LockRecord, ProcessIdentity } from './lock-owner.js'

/** How a directory is used that another use needs for itself. */
type DirectoryUse = 'open' | 'being read'

/** LOCKED: `holder` uses the directory, and `self` cannot have it. */
export function lockedError(
  directory: string,
  use: DirectoryUse,
  holder: LockRecord,
  self: ProcessIdentity,
): VarveError {
  return new VarveError('LOCKED', `${directory} is ${whereAndAdvice(use, holder, self)}`, {
    path: directory,
    ownerPid: holder.pid,
  })
}

function whereAndAdvice(use: DirectoryUse, holder: LockRecord, self: ProcessIdentity): string {
  const since = `since ${new Date(holder.sinceMs).toISOString()}`
  if (!isSameProcess(holder, self)) {
    const thread = holder.threadId === 0 ? '' : `, thread ${holder.threadId},`
    return (
      `${use} in process ${holder.pid}${thread} on ${holder.hostname} ${since}; ` +
      'close the database there, or end that process, and try again'
    )
  }
  if (holder.threadId !== self.threadId) {
    return `${use} in thread ${holder.threadId} of this process ${since}; close it there first`
  }
  const advice = use === 'open' ? 'use that database, or close it first' : 'close it first'
  return `already ${use} in this process ${since}; ${advice}`
}

function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return (['pid', 'startTime', 'bootId', 'pidNamespace', 'hostname'] as const).every(
    (field) => a[field] === b[field],
  )
}
