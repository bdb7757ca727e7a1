import { crc32 } from '../base/bytes/checksum.js'
import { corruption, VarveError } from '../base/errors.js'
import type { FileSystem, ReadableFile } from '../fs/file-system.js'
import { FileWindow } from '../fs/file-window.js'
import {
  checkFileHeader,
  checksummedHeader,
  durableBytesOf,
  fileHeaderBytes,
  isRecordHeader,
  type LogPurpose,
  logSeed,
  payloadLength,
  recordHeaderBytes,
  storedCrc,
} from './log-format.js'
import {
  findRecord,
  hasLostSector,
  isZero,
  type RecordPlace,
  vouchedFrom,
} from './record-search.js'

/** Where a log stops being readable because its last write was interrupted. */
export interface TornTail {
  readonly offset: number
  readonly droppedBytes: number
}

export interface DamagedSpan {
  readonly start: number
  readonly end: number
}

/** For tools, which continue where the database stops. */
export interface LogReaderOptions {
  /**
   * 'damage' skips damage and lists it instead of throwing. 'all' returns every whole record, also
   * those after a torn tail; the log then has a hole.
   */
  readonly salvage?: 'damage' | 'all'
  /** Whether `next` also returns marks, as empty payloads. */
  readonly marks?: boolean
  /** Reads no further than this. Default: to the end of the file. */
  readonly limitBytes?: number
  /** Starts after the records up to this offset, read earlier. Default: with the first record. */
  readonly fromBytes?: number
}

/**
 * Reads one log (see log-format.ts) sequentially, in bounded pieces.
 *
 * Owned by: the replay or tool that opened it. Lives: until `close`.
 *
 * A log ends in one of three ways:
 *
 * - Clean: only zeros, which the writer reserved, follow the last record.
 * - Torn: the process died or power failed before the last bytes were durable. They were never
 *   promised and are dropped.
 * - Damaged: the checksum of a complete record does not match. That is CORRUPTION.
 *
 * For a bad record at offset p, the first rule that applies decides:
 *
 * 1. Only zeros follow: clean end. LogWriter extends a synced file beyond its records.
 * 2. No whole record follows: torn. It cannot be distinguished from an unfinished write.
 *    LogWriter.appendMark adds a whole record at the end, which lets rule 3 protect the one before.
 * 3. A later record states that more than p bytes were durable when it was written: damaged.
 * 4. A 512-byte sector between p and the next whole record, or the part of a sector between them,
 *   is
 *    all zeros: torn at p. After power loss the disk may have later sectors without earlier ones,
 *    which read as zeros. The whole records after p are dropped too: a log may lose a tail, but
 *    never has a hole.
 * 5. Otherwise: damaged. An unfinished write leaves zeros, never other bits.
 *
 * A file shorter than its header was created but never written: torn at 0. A header of zeros
 * follows the rules for records. Any other bad header is damage.
 */
export class LogReader {
  /** Set when `next` returns undefined at a torn tail. */
  torn: TornTail | undefined
  /** The spans that salvage skipped, in order. */
  readonly damage: DamagedSpan[] = []
  /** Offset of the last record that `next` returned. */
  recordOffset = 0
  /** How much of the file was durable when that record was written. */
  durableBytes = 0
  /** The maximum of `durableBytes` over all records so far. */
  vouchedBytes = 0

  private readonly window: FileWindow
  private readonly seed: number
  private readonly salvage: 'damage' | 'all' | undefined
  private readonly marks: boolean
  /** The maximum over the whole file, cached: many bad records would take quadratic time. */
  private vouchedByAll: number | undefined
  private offset = 0
  private isAtEnd = false

  /** The file must be the log `fileNumber`, written for `purpose`. */
  static open(
    fs: FileSystem,
    path: string,
    purpose: LogPurpose,
    fileNumber: number,
    options: LogReaderOptions = {},
  ): LogReader {
    const file = fs.openForRead(path)
    try {
      return new LogReader(file, purpose, fileNumber, options)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private constructor(
    private readonly file: ReadableFile,
    purpose: LogPurpose,
    fileNumber: number,
    options: LogReaderOptions,
  ) {
    this.window = new FileWindow(file, options.limitBytes)
    this.seed = logSeed(purpose, fileNumber)
    this.salvage = options.salvage
    this.marks = options.marks ?? false
    if (options.fromBytes === undefined) this.readFileHeader(purpose, fileNumber)
    else this.offset = options.fromBytes
  }

  get sizeBytes(): number {
    return this.window.sizeBytes
  }

  /** End of the whole records read so far, as an offset in the file. */
  get validBytes(): number {
    return this.offset
  }

  /** The next payload: a view, valid until the next call. Undefined at the end, clean or torn. */
  next(): Buffer | undefined {
    while (this.offset < this.sizeBytes && this.torn === undefined && !this.isAtEnd) {
      const payload = this.readRecord()
      if (payload === undefined) this.skipBadRecord()
      else if (payload.length > 0 || this.marks) return payload
    }
    return undefined
  }

  close(): void {
    this.file.close()
  }

  private readFileHeader(purpose: LogPurpose, fileNumber: number): void {
    if (this.sizeBytes < fileHeaderBytes) {
      this.torn = { offset: 0, droppedBytes: this.sizeBytes }
      return
    }
    const header = this.window.view(0, fileHeaderBytes)
    if (header.every((byte) => byte === 0)) {
      this.skipBadRecord()
      return
    }
    try {
      checkFileHeader(this.file.path, header, purpose, fileNumber)
      this.offset = fileHeaderBytes
    } catch (error) {
      if (this.salvage === undefined || !isCorruption(error)) throw error
      this.skipBadRecord()
    }
  }

  /** The payload of the record at `offset`, or undefined if the record is not whole. */
  private readRecord(): Buffer | undefined {
    const { offset, window } = this
    if (offset + recordHeaderBytes > this.sizeBytes) return undefined
    const header = window.view(offset, recordHeaderBytes)
    if (!isRecordHeader(header, 0, this.seed, offset)) return undefined
    const length = recordHeaderBytes + payloadLength(header)
    if (offset + length > this.sizeBytes) return undefined
    const record = window.view(offset, length)
    const payload = record.subarray(recordHeaderBytes)
    if (crc32(payload, crc32(checksummedHeader(record))) !== storedCrc(record)) return undefined
    this.recordOffset = offset
    this.durableBytes = durableBytesOf(record)
    this.vouchedBytes = Math.max(this.vouchedBytes, this.durableBytes)
    this.offset = offset + length
    return payload
  }

  private skipBadRecord(): void {
    const { offset, window, seed } = this
    if (offset > 0 && isZero(window, offset)) {
      this.isAtEnd = true
      return
    }
    const next = findRecord(window, seed, offset)
    if (this.salvage !== 'all' && this.isTorn(next)) {
      this.torn = { offset, droppedBytes: this.sizeBytes - offset }
      return
    }
    if (this.salvage === undefined) throw corruption(this.file.path, offset, 'damaged log record')
    this.offset = next?.offset ?? this.sizeBytes
    this.damage.push({ start: offset, end: this.offset })
  }

  /** Whether the write of the record at `offset` was interrupted. `next`: the next whole record. */
  private isTorn(next: RecordPlace | undefined): boolean {
    if (next === undefined) return true
    this.vouchedByAll ??= vouchedFrom(this.window, this.seed, next)
    return this.vouchedByAll <= this.offset && hasLostSector(this.window, this.offset, next.offset)
  }
}

function isCorruption(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'CORRUPTION'
}
