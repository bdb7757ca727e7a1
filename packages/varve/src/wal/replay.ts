import { BatchReader } from '../batch/batch-reader.js'
import { corruption, unsupportedFormat, type VarveError } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { LogPurpose } from '../log/log-format.js'
import { LogReader } from '../log/log-reader.js'
import { decodeLogStart, type LogStart } from './log-start.js'

/** Bytes replayed between two yields of `replayInSteps`. */
const stepBytes = 256 * 1024

export interface ReplayedLog {
  readonly logNumber: number
  readonly path: string
  /** Where to stop reading a log that is still being written. Default: at its end. */
  readonly limitBytes?: number
}

export interface UsedLog {
  readonly path: string
  /** End of its whole records. */
  readonly sizeBytes: number
  /** Bytes that were synced, according to its records. */
  readonly durableBytes: number
  /** Torn bytes after `sizeBytes`. */
  readonly tornBytes: number
}

export interface ReplayResult {
  /** Commit groups read. */
  records: number
  /** Highest sequence read; 0 if no group was read. */
  lastSequence: number
  tornTails: number
  /** Bytes of torn tails, and of the logs after them. */
  droppedBytes: number
  /** The last log that was used, and the end of its whole records. */
  last: { logNumber: number; path: string; sizeBytes: number } | undefined
  /** Logs that must not be used: never started, or after a lost tail, and all logs after those. */
  dropped: ReplayedLog[]
  /** The logs that were used. */
  used: UsedLog[]
}

/**
 * Reads the logs in order and passes every whole commit group to `apply`, which must walk it to its
 * end. The group is valid until `apply` returns.
 *
 * Throws CORRUPTION if acknowledged commits are damaged; LogReader describes how it distinguishes
 * damage from an unfinished tail. Logs below `firstNeeded` may be missing. If any other log is
 * missing, the logs after it are not used, unless `highestTable` is above its number: then power
 * loss cannot have removed it, because a table gets its name only after the names of all older
 * files are durable. Either the log was deleted, or the MANIFEST lost the edits that made it
 * unneeded.
 */
export function replayLogs(
  fs: FileSystem,
  logs: readonly ReplayedLog[],
  apply: (group: BatchReader, logNumber: number) => void,
  firstNeeded = Infinity,
  highestTable = 0,
): ReplayResult {
  const steps = replayInSteps(fs, logs, apply, firstNeeded, highestTable)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Like `replayLogs`, in steps: yields the bytes of each, so that the caller can do other work. */
export function* replayInSteps(
  fs: FileSystem,
  logs: readonly ReplayedLog[],
  apply: (group: BatchReader, logNumber: number) => void,
  firstNeeded = Infinity,
  highestTable = 0,
): Generator<number, ReplayResult> {
  const result: ReplayResult = {
    records: 0,
    lastSequence: 0,
    tornTails: 0,
    droppedBytes: 0,
    last: undefined,
    dropped: [],
    used: [],
  }
  for (const log of logs) {
    const isUsed = yield* replayLog(fs, log, result, apply, firstNeeded, (previousLog) => {
      const exists = logs.some(({ logNumber }) => logNumber === previousLog)
      return !exists && previousLog < highestTable
    })
    if (!isUsed) result.dropped.push(log)
  }
  return result
}

/** How far logs have been read. */
export interface LogPosition {
  readonly logNumber: number
  /** End of the last whole record in that log. */
  readonly offset: number
  readonly lastSequence: number
}

/**
 * Reads the records that a running owner appended after `from`, up to the last whole one. `logs`
 * start with the log of the position. Returns undefined if they do not continue it: the caller then
 * has to read everything again, though `apply` may have run for some groups. May throw CORRUPTION
 * or IO also because the owner is writing at the same time.
 */
export function continueReplay(
  fs: FileSystem,
  logs: readonly ReplayedLog[],
  from: LogPosition,
  apply: (group: BatchReader, logNumber: number) => void,
): LogPosition | undefined {
  let position = from
  for (const { logNumber, path } of logs) {
    const isFirst = logNumber === from.logNumber
    const options = isFirst ? { fromBytes: from.offset } : {}
    const reader = LogReader.open(fs, path, LogPurpose.writeAhead, logNumber, options)
    try {
      if (!isFirst) {
        const first = reader.next()
        // The owner has just created it.
        if (first === undefined) return position
        const start = decodeLogStart(first)
        const isNext =
          start?.previousLog === position.logNumber && start.previousBytes === position.offset
        if (!isNext) return undefined
      }
      const lastSequence = continueGroups(reader, logNumber, position.lastSequence, apply)
      if (lastSequence === undefined) return undefined
      position = { logNumber, offset: reader.validBytes, lastSequence }
    } finally {
      reader.close()
    }
  }
  return position
}

/** The last sequence read. Undefined if a group does not follow the one before. */
function continueGroups(
  reader: LogReader,
  logNumber: number,
  lastSequence: number,
  apply: (group: BatchReader, logNumber: number) => void,
): number | undefined {
  const group = new BatchReader()
  for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
    group.open(payload, 0, payload.length)
    if (group.problem !== undefined || group.firstSequence !== lastSequence + 1) return undefined
    apply(group, logNumber)
    if (group.problem !== undefined) return undefined
    lastSequence += group.count
  }
  return lastSequence
}

/** False if the log must not be used because commits before it were lost. */
function* replayLog(
  fs: FileSystem,
  log: ReplayedLog,
  result: ReplayResult,
  apply: (group: BatchReader, logNumber: number) => void,
  firstNeeded: number,
  wasRemoved: (previousLog: number) => boolean,
): Generator<number, boolean> {
  const { limitBytes } = log
  const options = limitBytes === undefined ? {} : { limitBytes }
  const reader = LogReader.open(fs, log.path, LogPurpose.writeAhead, log.logNumber, options)
  try {
    const first = reader.next()
    const start = first === undefined ? undefined : decodeLogStart(first)
    if (first !== undefined && start === undefined) {
      throw corruption(log.path, reader.recordOffset, 'log without a start record')
    }
    const isHole =
      result.dropped.length > 0 ||
      (start !== undefined && !continues(start, result.last, firstNeeded))
    if (isHole) {
      if (start !== undefined && wasRemoved(start.previousLog)) throw removed(log, start)
      requireUnsynced(reader, log, result)
    }
    if (start === undefined || isHole) {
      result.tornTails++
      result.droppedBytes += reader.sizeBytes
      return false
    }
    yield* replayGroups(reader, log, result, apply)
    const tornBytes = reader.torn?.droppedBytes ?? 0
    if (reader.torn !== undefined) {
      result.tornTails++
      result.droppedBytes += tornBytes
    }
    const { validBytes, vouchedBytes } = reader
    const { path } = log
    result.used.push({ path, sizeBytes: validBytes, durableBytes: vouchedBytes, tornBytes })
    result.last = { ...log, sizeBytes: validBytes }
    return true
  } finally {
    reader.close()
  }
}

function removed({ path }: ReplayedLog, { previousLog }: LogStart): VarveError {
  const what = `the log before it (${previousLog}) is missing, or the MANIFEST lost its last edits,`
  return corruption(path, 0, what)
}

/**
 * Throws if `log` was ever synced. A sync of a log covers the logs before it, so power loss cannot
 * have removed the missing commits.
 */
function requireUnsynced(
  reader: LogReader,
  log: ReplayedLog,
  { last, dropped }: ReplayResult,
): void {
  while (reader.next() !== undefined);
  if (reader.vouchedBytes === 0) return
  const [path, offset] = last === undefined ? [log.path, 0] : [last.path, last.sizeBytes]
  const lost = dropped[0]?.path ?? path
  throw corruption(lost, lost === path ? offset : 0, `commits before ${log.path} are missing`)
}

function* replayGroups(
  reader: LogReader,
  log: ReplayedLog,
  result: ReplayResult,
  apply: (group: BatchReader, logNumber: number) => void,
): Generator<number, void> {
  const group = new BatchReader()
  let stepStart = 0
  for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
    group.open(payload, 0, payload.length)
    const last = group.firstSequence + group.count - 1
    if (group.problem === undefined && group.firstSequence <= result.lastSequence) {
      group.problem = 'sequence out of order'
    }
    if (group.problem === undefined) apply(group, log.logNumber)
    if (group.problem !== undefined) {
      const what = `an invalid commit group (${group.problem})`
      throw group.isUnsupported
        ? unsupportedFormat(log.path, what, reader.recordOffset)
        : corruption(log.path, reader.recordOffset, what)
    }
    result.records++
    result.lastSequence = last
    if (reader.validBytes - stepStart < stepBytes) continue
    yield reader.validBytes - stepStart
    stepStart = reader.validBytes
  }
}

/** The oldest log needs no predecessor: it has none, or the commits of that log are in tables. */
function continues(
  { previousLog, previousBytes }: LogStart,
  last: ReplayResult['last'],
  firstNeeded: number,
): boolean {
  if (last === undefined) return previousLog === 0 || previousLog < firstNeeded
  return previousLog === last.logNumber && previousBytes === last.sizeBytes
}
