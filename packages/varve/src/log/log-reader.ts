import { crc32 } from '../base/checksum.js'
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

/** For tools, which go on where the database stops. */
export interface LogReaderOptions {
  /**
   * 'damage' steps over damage instead of throwing, and lists it. 'all' takes every whole record there
   * is: also those behind a torn tail, after which the log then has a hole.
   */
  readonly salvage?: 'damage' | 'all'
  /** Whether `next` returns marks as well: payloads of no bytes. */
  readonly marks?: boolean
  /** Reads no further than this. Default: to the end of the file. */
  readonly limitBytes?: number
  /** Begins behind the whole records up to here, which were read before. Default: with the first. */
  readonly fromBytes?: number
}

/**
 * Reads one log (see log-format.ts) from front to back, in bounded pieces.
 *
 * Owned by: whoever replays the log. Lives: until `close`.
 *
 * A log ends in one of three ways. Clean: nothing but zeros, set aside by the writer, follows the last
 * record. Torn: the writer died,
 * or power failed, before the last bytes were durable; they were never promised, and are dropped.
 * Damaged: records that were complete do not hold their checksum; that is CORRUPTION. At a bad record
 * at offset p, the first rule that applies decides:
 *
 * 1. Nothing but zeros follows: the end. LogWriter keeps a file that is synced longer than its records.
 * 2. No whole record follows: torn. (Nothing tells it from an unfinished write. LogWriter.appendMark
 *    puts a whole record behind the last one, for a writer that wants its end watched.)
 * 3. A later record says that more than p bytes were durable when it was written: damaged.
 * 4. Between p and the next whole record a 512-byte sector, or the part of it that lies between them,
 *    is all zeros: torn at p. After power loss the disk may hold later sectors without earlier ones,
 *    which read as zeros. The whole records behind p are dropped too: a tail may be lost, never a
 *    hole.
 * 5. Otherwise: damaged. An unfinished write leaves zeros, never other bits.
 *
 * A file shorter than its header was created and never written: torn at 0. A header of zeros is
 * judged like a record; any other bad header is damage.
 */
export class LogReader {
  /** Set once `next` returned undefined, when the tail was torn. */
  torn: TornTail | undefined
  /** What salvage stepped over, in order. */
  readonly damage: DamagedSpan[] = []
  /** Where the last record that `next` returned begins. */
  recordOffset = 0
  /** How much of the file was durable when that record was written, and the most of all so far. */
  durableBytes = 0
  vouchedBytes = 0

  private readonly window: FileWindow
  private readonly seed: number
  private readonly salvage: 'damage' | 'all' | undefined
  private readonly marks: boolean
  /** What the whole file vouches for; summed up once, or a file full of bad records would take for ever. */
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

  /** Bytes from the start of the file that were read as whole records. */
  get validBytes(): number {
    return this.offset
  }

  /** The next payload: a view, valid until the next call. Undefined at the end, clean or torn. */
  next(): Buffer | undefined {
    while (this.offset < this.sizeBytes && this.torn === undefined && !this.isAtEnd) {
      const payload = this.readRecord()
      if (payload === undefined) this.passBadRecord()
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
      this.passBadRecord()
      return
    }
    try {
      checkFileHeader(this.file.path, header, purpose, fileNumber)
      this.offset = fileHeaderBytes
    } catch (error) {
      if (this.salvage === undefined || !isCorruption(error)) throw error
      this.passBadRecord()
    }
  }

  /** The payload of the record at `offset`, or undefined when it is not whole. */
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

  private passBadRecord(): void {
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

  /** Whether the record at `offset` is bad because its write was interrupted. `next`: the whole one behind it. */
  private isTorn(next: RecordPlace | undefined): boolean {
    if (next === undefined) return true
    this.vouchedByAll ??= vouchedFrom(this.window, this.seed, next)
    return this.vouchedByAll <= this.offset && hasLostSector(this.window, this.offset, next.offset)
  }
}

function isCorruption(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'CORRUPTION'
}
