/**
 * A log is a file of records, written sequentially. The write-ahead log and the MANIFEST are logs.
 * All numbers are little-endian; a u64 is two u32, low half first.
 *
 *     file header, 32 bytes
 *     ┌──────────────┬─────────┬─────────┬─────────┬─────────────┬──────────┬────────────────┐
 *     │ "VARVELOG" 8 │ version │ purpose │ zeros 3 │ file number │ zeros 4  │ crc32 of the   │
 *     │              │ u32     │ u8      │         │ u64         │          │ 28 before  u32 │
 *     └──────────────┴─────────┴─────────┴─────────┴─────────────┴──────────┴────────────────┘
 *     0              8         12        13        16            24         28
 *
 *     record, 24 bytes plus the payload
 *     ┌───────────┬──────────────┬──────────────┬────────────────┬───────────────┬─────────┐
 *     │ magic u32 │ crc32 of all │ header check │ payload length │ durable bytes │ payload │
 *     │           │ from 8   u32 │ u32          │ u32            │ u64           │         │
 *     └───────────┴──────────────┴──────────────┴────────────────┴───────────────┴─────────┘
 *     0           4              8              12               16              24
 *
 * The header check is hashBytes over bytes [12, 24), xor (crc of the file header + offset of the
 * record, modulo 2^32). It ties a record to its file and its offset. So a copy of a log inside a
 * payload is never mistaken for records of this log, and the length can be trusted before the
 * payload is read. Durable bytes: how much of this file was synced when the record was written.
 *
 * These numbers are on disk: never change their values.
 */
import { assert } from '../base/assert.js'
import { crc32 } from '../base/bytes/checksum.js'
import { corruption, unsupportedFormat } from '../base/errors.js'
import { hashBytes } from '../base/bytes/hash.js'
import { readU64, writeU64 } from '../base/bytes/u64.js'

export const LogPurpose = { writeAhead: 1, manifest: 2 } as const
export type LogPurpose = (typeof LogPurpose)[keyof typeof LogPurpose]

const logFormatVersion = 1
export const fileHeaderBytes = 32
export const recordHeaderBytes = 24
/** A record of this size, including its header, fits in one read, one write and one Buffer. */
const maxPayloadBytes = 0x7fff0000

const recordMagic = 0xd7564c52
export const recordMagicBytes: Buffer = Buffer.from([0x52, 0x4c, 0x56, 0xd7])
const fileMagic = Buffer.from('VARVELOG', 'latin1')

const crcAt = 4
const checkAt = 8
const lengthAt = 12
const durableAt = 16

export function encodeFileHeader(purpose: LogPurpose, fileNumber: number): Buffer {
  const header = Buffer.alloc(fileHeaderBytes)
  fileMagic.copy(header)
  header.writeUInt32LE(logFormatVersion, 8)
  header[12] = purpose
  writeU64(header, 16, fileNumber)
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28)
  return header
}

/** Whether a file that starts with these bytes claims to be a log. */
export function hasFileMagic(start: Uint8Array): boolean {
  return fileMagic.equals(start.subarray(0, fileMagic.length))
}

/** The seed of every record's header check in this file. */
export function logSeed(purpose: LogPurpose, fileNumber: number): number {
  return encodeFileHeader(purpose, fileNumber).readUInt32LE(28)
}

/** Throws unless `header` equals the result of `encodeFileHeader`. */
export function checkFileHeader(
  path: string,
  header: Buffer,
  purpose: LogPurpose,
  fileNumber: number,
): void {
  if (!hasFileMagic(header)) throw corruption(path, 0, 'not a log header')
  if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28))) {
    throw corruption(path, 0, 'checksum mismatch in the log header')
  }
  const version = header.readUInt32LE(8)
  if (version !== logFormatVersion) {
    throw unsupportedFormat(path, `log format ${version}`, 8)
  }
  if (!header.equals(encodeFileHeader(purpose, fileNumber))) {
    throw corruption(
      path,
      12,
      `header does not belong to log ${fileNumber} with purpose ${purpose}`,
    )
  }
}

/** The log that a header names. Undefined if it is damaged or not the header of a log. */
export function identityOf(header: Buffer): LogIdentity | undefined {
  if (header.length < fileHeaderBytes || !header.subarray(0, 8).equals(fileMagic)) return undefined
  if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28))) return undefined
  const purpose = header[12]
  const isKnown = purpose === LogPurpose.writeAhead || purpose === LogPurpose.manifest
  const fileNumber = readU64(header, 16)
  if (!isKnown || !Number.isSafeInteger(fileNumber)) return undefined
  return { purpose, fileNumber, formatVersion: header.readUInt32LE(8) }
}

export interface LogIdentity {
  readonly purpose: LogPurpose
  readonly fileNumber: number
  readonly formatVersion: number
}

/** Writes the header of a record to `buffer[start, start + 24)`. The payload ends at `end`. */
export function writeRecordHeader(
  buffer: Buffer,
  start: number,
  end: number,
  seed: number,
  recordOffset: number,
  durableBytes: number,
): void {
  const length = end - start - recordHeaderBytes
  assert(length >= 0 && length <= maxPayloadBytes, 'the payload of a log record is at most 2 GiB')
  buffer.writeUInt32LE(recordMagic, start)
  buffer.writeUInt32LE(length, start + lengthAt)
  writeU64(buffer, start + durableAt, durableBytes)
  buffer.writeUInt32LE(headerCheck(buffer, start, seed, recordOffset), start + checkAt)
  buffer.writeUInt32LE(crc32(buffer.subarray(start + checkAt, end)), start + crcAt)
}

/** Whether `buffer[start, start + 24)` is the header of a record written at `recordOffset`. */
export function isRecordHeader(
  buffer: Buffer,
  start: number,
  seed: number,
  recordOffset: number,
): boolean {
  return (
    buffer.readUInt32LE(start) === recordMagic &&
    buffer.readUInt32LE(start + checkAt) === headerCheck(buffer, start, seed, recordOffset) &&
    buffer.readUInt32LE(start + lengthAt) <= maxPayloadBytes
  )
}

export function payloadLength(header: Buffer): number {
  return header.readUInt32LE(lengthAt)
}

export function durableBytesOf(header: Buffer): number {
  return readU64(header, durableAt)
}

export function storedCrc(header: Buffer): number {
  return header.readUInt32LE(crcAt)
}

/** The part of the header that the record's crc32 covers, before the payload. */
export function checksummedHeader(header: Buffer): Buffer {
  return header.subarray(checkAt, recordHeaderBytes)
}

function headerCheck(buffer: Buffer, start: number, seed: number, recordOffset: number): number {
  const hash = hashBytes(buffer, start + lengthAt, start + recordHeaderBytes)
  return (hash ^ (seed + recordOffset)) >>> 0
}
