import { VarveError } from '../base/errors.js'
import type { FileSystem, WritableFile } from '../fs/file-system.js'
import {
  encodeFileHeader,
  type LogPurpose,
  logSeed,
  recordHeaderBytes,
  writeRecordHeader,
} from './log-format.js'

/**
 * Writes one log (see log-format.ts) sequentially.
 *
 * Owned by: the WAL or the VersionSet. Lives: from the creation of the file until it is full. A
 * closed log is never continued.
 *
 * Invariant 1: the file has whole records up to `sizeBytes`. A failed append is truncated.
 * Invariant 2: bytes below `durableBytes` survive power loss, if the directory is synced.
 * Invariant 3: a `broken` file is never appended to or synced again. After a failed sync the
 * content of the disk is unknown, and a second sync may succeed without writing anything.
 * Invariant 4: at most one background sync runs at a time. With two on one descriptor, one may
 * report the error and the other succeed. A blocking sync reports its own errors, see WritableFile.
 */
export class LogWriter {
  /** Space that `appendInPlace` needs before a payload. */
  static readonly headroomBytes = recordHeaderBytes

  /** Bytes in the file, all of them whole records. */
  sizeBytes: number
  /** How many of them are known to be on the disk. */
  durableBytes = 0
  private failure: unknown
  private syncInFlight: Promise<void> | undefined
  /** Size of the file: `sizeBytes`, or more, with zeros after the records. */
  private reservedBytes: number

  /**
   * Creates the file and writes its header. Syncs neither the file nor its name. After the first
   * sync the file is extended beyond its records, by up to `reserveStepBytes`.
   */
  static create(
    fs: FileSystem,
    path: string,
    purpose: LogPurpose,
    fileNumber: number,
    reserveStepBytes = 0,
  ): LogWriter {
    const file = fs.create(path)
    try {
      const header = encodeFileHeader(purpose, fileNumber)
      file.append(header, 0, header.length)
      return new LogWriter(file, logSeed(purpose, fileNumber), reserveStepBytes)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private constructor(
    private readonly file: WritableFile,
    private readonly seed: number,
    private reserveStepBytes: number,
  ) {
    this.sizeBytes = file.sizeBytes
    this.reservedBytes = file.sizeBytes
  }

  get path(): string {
    return this.file.path
  }

  /** True after a failed sync or an append that could not be undone. Every later call throws. */
  get broken(): boolean {
    return this.failure !== undefined
  }

  /** Appends a record with a copy of `payload[start, end)`. Not for hot paths. */
  append(payload: Uint8Array, start = 0, end = payload.length): void {
    const record = Buffer.allocUnsafe(recordHeaderBytes + end - start)
    record.set(payload.subarray(start, end), recordHeaderBytes)
    this.appendInPlace(record, 0, record.length)
  }

  /**
   * Appends a record with one write and no copy. `buffer[start, start + headroomBytes)` is free
   * space for the header; the payload follows, up to `end`. The buffer is not retained.
   */
  appendInPlace(buffer: Buffer, start: number, end: number): void {
    this.throwIfBroken()
    if (this.durableBytes > 0) this.reserve(this.sizeBytes + end - start)
    writeRecordHeader(buffer, start, end, this.seed, this.sizeBytes, this.durableBytes)
    try {
      this.file.append(buffer, start, end)
    } catch (error) {
      this.cutBack(error)
      throw error
    }
    this.sizeBytes += end - start
  }

  /**
   * Appends an empty record, which readers do not return. It states how many bytes were synced, so
   * that damage to the record before it is not mistaken for a torn tail.
   */
  appendMark(): void {
    const mark = Buffer.allocUnsafe(recordHeaderBytes)
    this.appendInPlace(mark, 0, recordHeaderBytes)
  }

  /** Makes every record appended so far durable, or breaks the writer. */
  sync(): void {
    this.throwIfBroken()
    const sizeBytes = this.sizeBytes
    if (this.durableBytes === sizeBytes) return
    try {
      this.file.sync()
    } catch (error) {
      this.failure = error
      throw error
    }
    this.durableBytes = sizeBytes
  }

  /** Like `sync`, in the background, for the records appended before the call. */
  async syncAsync(): Promise<void> {
    this.throwIfBroken()
    const wantedBytes = this.sizeBytes
    while (this.syncInFlight !== undefined) await this.syncInFlight
    this.throwIfBroken()
    if (this.durableBytes >= wantedBytes) return
    const sync = this.syncOnce(this.sizeBytes)
    // Waiting callers check the result themselves.
    this.syncInFlight = sync.catch(() => {}).then(() => void (this.syncInFlight = undefined))
    await sync
  }

  /** Whether a background sync is running. */
  get isSyncing(): boolean {
    return this.syncInFlight !== undefined
  }

  /**
   * After a failed sync: removes the records after `sizeBytes`, which were never acknowledged. The
   * next process that opens the log does not see them; after power loss they may reappear.
   */
  takeBack(sizeBytes: number): void {
    try {
      this.file.truncate(sizeBytes)
    } catch {
      // The records may survive, like any record that was not acknowledged.
    }
  }

  /** Does not sync. A running sync is not affected. */
  close(): void {
    if (!this.broken && this.reservedBytes > this.sizeBytes) this.releaseReserve()
    this.file.close()
  }

  private async syncOnce(sizeBytes: number): Promise<void> {
    try {
      await this.file.syncAsync()
    } catch (error) {
      this.failure ??= error
      throw error
    }
    // After a failed sync, a successful one proves nothing.
    this.throwIfBroken()
    if (sizeBytes > this.durableBytes) this.durableBytes = sizeBytes
  }

  /** Reserves space: a sync takes little more than half the time if the file size is unchanged. */
  private reserve(neededBytes: number): void {
    if (neededBytes <= this.reservedBytes || this.reserveStepBytes === 0) return
    try {
      this.file.reserve(neededBytes + this.reserveStepBytes)
      this.reservedBytes = neededBytes + this.reserveStepBytes
    } catch {
      // The reserve only saves time; appends work without it.
      this.reserveStepBytes = 0
    }
  }

  private releaseReserve(): void {
    try {
      this.file.truncate(this.sizeBytes)
    } catch {
      // Readers ignore zeros at the end of a log.
    }
  }

  /**
   * Undoes a failed append. The sync removes it from the disk too: if power loss tears a later
   * record, the gap must read as zeros, not as pieces of this one. The sync does not raise
   * `durableBytes`: callers of `sync` first make the files durable that the records depend on.
   */
  private cutBack(cause: unknown): void {
    try {
      this.file.truncate(this.sizeBytes)
      this.reservedBytes = this.sizeBytes
      this.file.sync()
    } catch {
      // Report the append's own error. From here on the end of the file is unknown.
      this.failure = cause
    }
  }

  private throwIfBroken(): void {
    if (this.failure === undefined) return
    throw new VarveError(
      'POISONED',
      `${this.file.path} takes no more writes because a write to it failed; reopen the database`,
      { file: this.file.path, cause: this.failure },
    )
  }
}
