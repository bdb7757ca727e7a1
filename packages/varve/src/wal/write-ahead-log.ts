import type { WriteBatch } from '../batch/write-batch.js'
import type { FileSystem } from '../fs/file-system.js'
import { LogPurpose } from '../log/log-format.js'
import { LogWriter } from '../log/log-writer.js'
import { encodeLogStart } from './log-start.js'

/**
 * The write-ahead log of a database: a series of log files, the last of which takes the commits. A new
 * one begins with each memtable, so that a flushed memtable frees whole files.
 *
 * Owned by: the commit pipeline. Lives: from open to close.
 *
 * Invariant 1: commits reach the files in sequence order.
 * Invariant 2: a sync covers every commit before it: older files that were not synced first, then
 * the names in the directory, then the current file.
 */
export class WriteAheadLog {
  /** Bytes appended since open, headers included. */
  appendedBytes = 0

  private current: LogWriter
  /** Earlier logs whose end is not on the disk yet, oldest first. */
  private unsynced: LogWriter[] = []
  private numbers: Map<LogWriter, number>
  private directorySynced = false

  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
    private readonly nameOf: (logNumber: number) => string,
    firstLogNumber: number,
    previous: { logNumber: number; sizeBytes: number } | undefined,
  ) {
    this.numbers = new Map()
    this.current = this.startLog(firstLogNumber, previous?.logNumber ?? 0, previous?.sizeBytes ?? 0)
  }

  get logNumber(): number {
    return this.numbers.get(this.current)!
  }

  /** Whether appended commits wait for a sync. */
  get needsSync(): boolean {
    return this.unsynced.length > 0 || this.current.durableBytes < this.current.sizeBytes
  }

  /** After a failed sync, or an append that could not be undone. */
  get broken(): boolean {
    return this.current.broken || this.unsynced.some((log) => log.broken)
  }

  /** Appends a sealed batch as one record. On failure nothing of it stays in the file. */
  append(batch: WriteBatch): void {
    const before = this.current.sizeBytes
    this.current.appendInPlace(batch.buffer, 0, batch.length)
    this.appendedBytes += this.current.sizeBytes - before
  }

  /** Goes on in a new file. On failure the old one stays in use. */
  rotate(logNumber: number): void {
    const previous = this.current
    this.current = this.startLog(logNumber, this.logNumber, previous.sizeBytes)
    if (previous.durableBytes < previous.sizeBytes) this.unsynced.push(previous)
    else this.closeLog(previous)
    this.directorySynced = false
  }

  /** Makes all appended commits durable. Throws once; afterwards the log is `broken`. */
  sync(): void {
    for (const log of this.unsynced) log.sync()
    for (const log of this.unsynced.splice(0)) this.closeLog(log)
    this.syncDirectory()
    this.current.sync()
  }

  /** The same without blocking the thread, for the commits appended before the call. */
  async syncAsync(): Promise<void> {
    const { current } = this
    const older = [...this.unsynced]
    for (const log of older) await log.syncAsync()
    this.syncDirectory()
    await current.syncAsync()
    for (const log of older) {
      const index = this.unsynced.indexOf(log)
      if (index < 0) continue
      this.unsynced.splice(index, 1)
      this.closeLog(log)
    }
  }

  /** Forgets logs below `logNumber`, whose commits are in tables: they need no sync any more. */
  dropBefore(logNumber: number): void {
    this.unsynced = this.unsynced.filter((log) => {
      if (this.numbers.get(log)! >= logNumber) return true
      this.closeLog(log)
      return false
    })
  }

  /** Requires: no sync in flight. */
  close(): void {
    for (const log of this.unsynced.splice(0)) this.closeLog(log)
    this.closeLog(this.current)
  }

  private startLog(logNumber: number, previousLog: number, previousBytes: number): LogWriter {
    const path = `${this.directory}/${this.nameOf(logNumber)}`
    const log = LogWriter.create(this.fs, path, LogPurpose.writeAhead, logNumber)
    try {
      log.append(encodeLogStart({ previousLog, previousBytes }))
    } catch (error) {
      log.close()
      throw error
    }
    this.numbers.set(log, logNumber)
    this.appendedBytes += log.sizeBytes
    return log
  }

  private syncDirectory(): void {
    if (this.directorySynced) return
    this.fs.syncDirectory(this.directory)
    this.directorySynced = true
  }

  private closeLog(log: LogWriter): void {
    this.numbers.delete(log)
    log.close()
  }
}
