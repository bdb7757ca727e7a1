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
 * Writes one log (see log-format.ts), front to back.
 *
 * Owned by: the WAL or the VersionSet. Lives: from the creation of the file until it is full; a log
 * that was closed is never continued.
 *
 * Invariant 1: the file holds whole records up to `sizeBytes`. A failed append is cut off again.
 * Invariant 2: bytes below `durableBytes` survive power loss, given a synced directory.
 * Invariant 3: once `broken`, the file is never appended to or synced again: after a failed sync nobody
 * knows what the disk holds, and a second sync may succeed without having written anything.
 * Invariant 4: one sync in the background at a time. Of two on one descriptor, one may take the error
 * and the other succeed. A blocking sync is told for itself; see WritableFile.
 */
export class LogWriter {
  /** Room that `appendInPlace` needs in front of a payload. */
  static readonly headroomBytes = recordHeaderBytes

  /** Bytes in the file, all of them whole records. */
  sizeBytes: number
  /** How many of them are known to be on the disk. */
  durableBytes = 0
  private failure: unknown
  private syncInFlight: Promise<void> | undefined
  /** Where the file ends: at `sizeBytes`, or behind it, with zeros in between. */
  private reservedBytes: number

  /**
   * Creates the file and writes its header; nothing is synced yet, the name neither. Once it has been
   * synced, the file is kept longer than its records, by up to `reserveStepBytes`.
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

  /** True after a failed sync, or an append that could not be undone: every later call throws. */
  get broken(): boolean {
    return this.failure !== undefined
  }

  /** Appends a record with a copy of `payload[start, end)`. For paths that are not hot. */
  append(payload: Uint8Array, start = 0, end = payload.length): void {
    const record = Buffer.allocUnsafe(recordHeaderBytes + end - start)
    record.set(payload.subarray(start, end), recordHeaderBytes)
    this.appendInPlace(record, 0, record.length)
  }

  /**
   * Appends a record with one write and no copy. `buffer[start, start + headroomBytes)` is free room
   * for the header, the payload stands behind it, up to `end`. The bytes are not kept.
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
   * Appends an empty record, which readers do not return. It vouches for what was synced before it:
   * from now on damage to the last record is told from a torn tail.
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

  /** The same in the background, for the records appended before the call; more may follow. */
  async syncAsync(): Promise<void> {
    this.throwIfBroken()
    const wantedBytes = this.sizeBytes
    while (this.syncInFlight !== undefined) await this.syncInFlight
    this.throwIfBroken()
    if (this.durableBytes >= wantedBytes) return
    const sync = this.syncOnce(this.sizeBytes)
    // Those who wait look for themselves how it ended.
    this.syncInFlight = sync.catch(() => {}).then(() => void (this.syncInFlight = undefined))
    await sync
  }

  /** Whether a sync in the background is under way. */
  get isSyncing(): boolean {
    return this.syncInFlight !== undefined
  }

  /**
   * After a failed sync: takes the records behind `sizeBytes` back, which nobody was told of. A process
   * that opens the log then does not find them; after power loss it may.
   */
  takeBack(sizeBytes: number): void {
    try {
      this.file.truncate(sizeBytes)
    } catch {
      // They may be found, then, like any record of which the writer did not hear.
    }
  }

  /** Does not sync. A sync that is under way ends as it would have. */
  close(): void {
    if (!this.broken && this.reservedBytes > this.sizeBytes) this.giveBack()
    this.file.close()
  }

  private async syncOnce(sizeBytes: number): Promise<void> {
    try {
      await this.file.syncAsync()
    } catch (error) {
      this.failure ??= error
      throw error
    }
    // A sync that succeeds after another one failed proves nothing.
    this.throwIfBroken()
    if (sizeBytes > this.durableBytes) this.durableBytes = sizeBytes
  }

  /** A file whose length stays the same is synced in little more than half the time. */
  private reserve(neededBytes: number): void {
    if (neededBytes <= this.reservedBytes || this.reserveStepBytes === 0) return
    try {
      this.file.reserve(neededBytes + this.reserveStepBytes)
      this.reservedBytes = neededBytes + this.reserveStepBytes
    } catch {
      // It was only to save time; appends do without.
      this.reserveStepBytes = 0
    }
  }

  private giveBack(): void {
    try {
      this.file.truncate(this.sizeBytes)
    } catch {
      // Zeros at the end of a log mean nothing.
    }
  }

  /**
   * Also from the disk: what a later record, torn by a power loss, leaves must be zeros, not pieces of
   * this one. The records before it do not count as durable for that: who calls `sync` makes sure first
   * that what they build on is.
   */
  private cutBack(cause: unknown): void {
    try {
      this.file.truncate(this.sizeBytes)
      this.reservedBytes = this.sizeBytes
      this.file.sync()
    } catch {
      // The append's own error says more; what counts here is that the end of the file is unknown.
      this.failure = cause
    }
  }

  private throwIfBroken(): void {
    if (this.failure === undefined) return
    throw new VarveError(
      'POISONED',
      `${this.file.path} takes no more writes since one of them failed; open the database again`,
      { file: this.file.path, cause: this.failure },
    )
  }
}
