import { BatchReader } from '../batch/batch-reader.js'
import { corruption, unsupportedFormat, type VarveError } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { LogPurpose } from '../log/log-format.js'
import { LogReader } from '../log/log-reader.js'
import { decodeLogStart, type LogStart } from './log-start.js'

/** Replayed at once, when the caller wants to do other things in between. */
const stepBytes = 256 * 1024

export interface ReplayedLog {
  readonly logNumber: number
  readonly path: string
  /** Where its reader stops, of a log that is still written to. Default: at its end. */
  readonly limitBytes?: number
}

export interface UsedLog {
  readonly path: string
  /** The size up to which it is whole. */
  readonly sizeBytes: number
  /** How much of that its records vouch for: it was synced. */
  readonly durableBytes: number
  /** What was torn behind it. */
  readonly tornBytes: number
}

export interface ReplayResult {
  /** Commit groups read. */
  records: number
  /** Highest sequence read; 0 when there was none. */
  lastSequence: number
  tornTails: number
  /** Bytes cut off at torn tails, and of logs behind them. */
  droppedBytes: number
  /** The last log that was used, and how much of it is whole. */
  last: { logNumber: number; path: string; sizeBytes: number } | undefined
  /** Logs that were never begun, or behind a lost tail, and all after them: nothing to be used. */
  dropped: ReplayedLog[]
  /** The logs that were used. */
  used: UsedLog[]
}

/**
 * Reads the logs in order and hands every whole commit group to `apply`, which must walk it to its
 * end; the group is valid until `apply` returns.
 *
 * Throws CORRUPTION where acknowledged commits are damaged; see LogReader for how these are told from
 * an unfinished tail. Logs below `firstNeeded` are gone with good reason; when any other is missing,
 * those behind it are not used. But where there is a table of a higher number than the missing one
 * (`highestTable`), no power loss took it: before a table gets its name, those of all older files are
 * durable. Then it was removed, or the MANIFEST lost the edits by which it was not needed any more.
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

/** The same in steps: yields the bytes of each, so that the caller may do other things in between. */
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
      const isThere = logs.some(({ logNumber }) => logNumber === previousLog)
      return !isThere && previousLog < highestTable
    })
    if (!isUsed) result.dropped.push(log)
  }
  return result
}

/** Up to where logs have been read. */
export interface LogPosition {
  readonly logNumber: number
  /** Behind the last whole record in that log. */
  readonly offset: number
  readonly lastSequence: number
}

/**
 * Reads what was appended since, by an owner who goes on: to the last whole record. `logs` begin with the
 * one of the position. Undefined when they do not continue it: then all has to be read again, though
 * some may have been applied already. Throws CORRUPTION, or IO, also where the owner is just writing.
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
        // It has just been created.
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

/** The last sequence read; undefined when a group is not the one that follows. */
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

/** False when the log must not be used, because commits before its own were lost. */
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
  const what = `log ${previousLog}, which it continues, is gone, or the MANIFEST lost its last edits`
  return corruption(path, 0, what)
}

/**
 * A sync of a log covers the logs before it. So when a log that was ever synced does not continue what
 * was read, no power loss took what is missing.
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
  throw corruption(lost, lost === path ? offset : 0, `commits lost that ${log.path} builds on`)
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
      const what = `a commit group with a problem (${group.problem})`
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

/** The oldest log has no predecessor left: there was none, or its commits are in tables. */
function continues(
  { previousLog, previousBytes }: LogStart,
  last: ReplayResult['last'],
  firstNeeded: number,
): boolean {
  if (last === undefined) return previousLog === 0 || previousLog < firstNeeded
  return previousLog === last.logNumber && previousBytes === last.sizeBytes
}
