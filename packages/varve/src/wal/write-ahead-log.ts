import type { WriteBatch } from '../batch/write-batch.js'
import type { FileSystem } from '../fs/file-system.js'
import { LogPurpose } from '../log/log-format.js'
import { LogWriter } from '../log/log-writer.js'
import { encodeLogStart } from './log-start.js'

/** A synced log is extended beyond its records by at most this. */
const maxReserveStepBytes = 1024 * 1024

/**
 * The write-ahead log of a database: a series of log files. Commits are appended to the last one.
 * Each memtable starts a new file, so that a flush makes whole files obsolete.
 *
 * Owned by: the commit pipeline. Lives: from open to close.
 *
 * Invariant 1: commits are written to the files in sequence order.
 * Invariant 2: a sync covers all earlier commits. It syncs older unsynced files first, then the
 * directory and the current file, and ends when all of them are durable.
 */
export class WriteAheadLog {
  /** Bytes appended since open, including headers. */
  appendedBytes = 0

  /** Commits appended since open, and how many of them a sync has covered. */
  private commitCount = 0
  private durableCommitCount = 0
  private current: LogWriter
  /** Earlier logs that are not fully synced, oldest first. */
  private unsynced: LogWriter[] = []
  private readonly numbers = new Map<LogWriter, number>()
  private directorySynced = false
  private directoryFailed = false
  /** A log that could not be started. Replay would stop at it, so it is removed before the next. */
  private stub: string | undefined
  /** Background syncs. The files that they may use stay open. */
  private readonly syncing = new Set<Promise<void>>()
  private readonly reserveStepBytes: number

  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
    private readonly nameOf: (logNumber: number) => string,
    firstLogNumber: number,
    previous: { logNumber: number; sizeBytes: number } | undefined,
    /** Approximate final size of a log. */
    expectedBytes = Infinity,
  ) {
    this.reserveStepBytes = Math.min(expectedBytes, maxReserveStepBytes)
    this.current = this.startLog(firstLogNumber, previous?.logNumber ?? 0, previous?.sizeBytes ?? 0)
  }

  get logNumber(): number {
    return this.numbers.get(this.current)!
  }

  /** Whether some appended commits are not synced. */
  get needsSync(): boolean {
    return this.durableCommitCount < this.commitCount
  }

  /** True after a failed sync or an append that could not be undone. */
  get broken(): boolean {
    return this.directoryFailed || this.current.broken || this.unsynced.some((log) => log.broken)
  }

  /** Size of the current log. */
  get sizeBytes(): number {
    return this.current.sizeBytes
  }

  /** End of the whole records in each open log. The files may be larger. */
  openLogSizes(): Map<number, number> {
    const sizes = new Map<number, number>()
    for (const [log, logNumber] of this.numbers) sizes.set(logNumber, log.sizeBytes)
    return sizes
  }

  /** Appends a sealed batch as one record. A failed append leaves nothing in the file. */
  append(batch: WriteBatch): void {
    const before = this.current.sizeBytes
    this.current.appendInPlace(batch.buffer, 0, batch.length)
    this.appendedBytes += this.current.sizeBytes - before
    this.commitCount++
  }

  /** Continues in a new file. On failure the old file stays in use. */
  rotate(logNumber: number): void {
    const previous = this.current
    this.current = this.startLog(logNumber, this.logNumber, previous.sizeBytes)
    this.directorySynced = false
    this.unsynced.push(previous)
    this.closeDurable()
  }

  /** Makes all appended commits durable. If it throws, the log is `broken`. */
  sync(): void {
    for (const log of this.unsynced) log.sync()
    this.syncDirectory()
    this.current.sync()
    this.durableCommitCount = this.commitCount
    this.closeDurable()
  }

  /** Like `sync`, without blocking the thread, for the commits appended before the call. */
  async syncAsync(): Promise<void> {
    const { commitCount } = this
    const sync = this.syncLogs([...this.unsynced], this.current)
    this.syncing.add(sync)
    try {
      await sync
    } finally {
      this.syncing.delete(sync)
    }
    this.durableCommitCount = Math.max(this.durableCommitCount, commitCount)
    this.closeDurable()
  }

  /** After a failed sync: tries to remove the commit after `sizeBytes` from the current log. */
  takeBack(sizeBytes: number): void {
    this.current.takeBack(sizeBytes)
  }

  /** Closes logs below `logNumber`. Their commits are in tables, so they need no sync. */
  dropBefore(logNumber: number): void {
    if (this.syncing.size > 0) return
    this.unsynced = this.unsynced.filter((log) => {
      if (this.numbers.get(log)! >= logNumber) return true
      this.closeLog(log)
      return false
    })
  }

  /**
   * Marks the end of a synced log, so that damage to its last commit is not mistaken for a torn
   * tail. Safety does not depend on it, so a failure is ignored.
   */
  markEnd(): void {
    try {
      const { durableBytes, sizeBytes } = this.current
      if (!this.needsSync && durableBytes === sizeBytes) this.current.appendMark()
    } catch {
      // The commits are durable without the mark.
    }
  }

  /** Waits for running syncs. Does not sync. */
  async close(): Promise<void> {
    await Promise.allSettled(this.syncing)
    for (const log of this.unsynced.splice(0)) this.closeLog(log)
    this.closeLog(this.current)
  }

  private async syncLogs(unsynced: readonly LogWriter[], current: LogWriter): Promise<void> {
    for (const log of unsynced) await log.syncAsync()
    if (this.directorySynced) return current.syncAsync()
    // In parallel, in one transaction of the file system: neither is useful without the other.
    const results = await Promise.allSettled([this.syncNames(current), current.syncAsync()])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** Makes the names of the logs durable, up to that of `current`. */
  private async syncNames(current: LogWriter): Promise<void> {
    await this.fs.syncDirectoryAsync(this.directory).catch((error: unknown) => this.fail(error))
    this.directorySynced = current === this.current
  }

  private startLog(logNumber: number, previousLog: number, previousBytes: number): LogWriter {
    const path = `${this.directory}/${this.nameOf(logNumber)}`
    if (this.stub !== undefined && this.fs.exists(this.stub)) this.fs.remove(this.stub)
    this.stub = undefined
    let log: LogWriter | undefined
    try {
      const { fs, reserveStepBytes } = this
      log = LogWriter.create(fs, path, LogPurpose.writeAhead, logNumber, reserveStepBytes)
      log.append(encodeLogStart({ previousLog, previousBytes }))
    } catch (error) {
      this.stub = path
      log?.close()
      throw error
    }
    this.numbers.set(log, logNumber)
    this.appendedBytes += log.sizeBytes
    return log
  }

  /** Closes fully synced logs, unless a background sync may use them: it closes them at its end. */
  private closeDurable(): void {
    if (this.syncing.size > 0) return
    this.unsynced = this.unsynced.filter((log) => {
      if (log.durableBytes < log.sizeBytes) return true
      this.closeLog(log)
      return false
    })
  }

  private syncDirectory(): void {
    if (this.directorySynced) return
    try {
      this.fs.syncDirectory(this.directory)
    } catch (error) {
      this.fail(error)
    }
    this.directorySynced = true
  }

  /** Records that the names in the directory could not be made durable. */
  private fail(error: unknown): never {
    this.directoryFailed = true
    throw error
  }

  private closeLog(log: LogWriter): void {
    this.numbers.delete(log)
    log.close()
  }
}
