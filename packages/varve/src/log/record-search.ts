import { crc32 } from '../base/bytes/checksum.js'
import type { FileWindow } from '../fs/file-window.js'
import {
  checksummedHeader,
  durableBytesOf,
  isRecordHeader,
  payloadLength,
  recordHeaderBytes,
  recordMagicBytes,
  storedCrc,
} from './log-format.js'

const sectorBytes = 512

export interface RecordPlace {
  readonly offset: number
  readonly end: number
  readonly durableBytes: number
}

/**
 * The first whole record at or after `from`. A header with a valid check is trusted, so a record
 * with a damaged payload is skipped, never searched. The scan checksums each byte once.
 */
export function findRecord(
  window: FileWindow,
  seed: number,
  from: number,
): RecordPlace | undefined {
  let offset = from
  for (;;) {
    offset = findHeader(window, seed, offset)
    if (offset < 0) return undefined
    const header = window.view(offset, recordHeaderBytes)
    const end = offset + recordHeaderBytes + payloadLength(header)
    if (end > window.sizeBytes) return undefined
    const durableBytes = durableBytesOf(header)
    if (hasGoodChecksum(window, offset, end)) return { offset, end, durableBytes }
    offset = end
  }
}

/** Maximum of `durableBytes` over the whole records from `first` on. */
export function vouchedFrom(window: FileWindow, seed: number, first: RecordPlace): number {
  let vouched = 0
  let record: RecordPlace | undefined = first
  while (record !== undefined) {
    vouched = Math.max(vouched, record.durableBytes)
    record = findRecord(window, seed, record.end)
  }
  return vouched
}

/** Offset of the first record header at or after `from`, or -1. */
function findHeader(window: FileWindow, seed: number, from: number): number {
  let offset = from
  while (offset + recordHeaderBytes <= window.sizeBytes) {
    const piece = window.piece(offset, window.sizeBytes, recordHeaderBytes)
    let index = piece.indexOf(recordMagicBytes)
    while (index >= 0 && index + recordHeaderBytes <= piece.length) {
      if (isRecordHeader(piece, index, seed, offset + index)) return offset + index
      index = piece.indexOf(recordMagicBytes, index + 1)
    }
    // A header that starts in the last 23 bytes is complete only in the next piece.
    offset += piece.length - recordHeaderBytes + 1
  }
  return -1
}

function hasGoodChecksum(window: FileWindow, offset: number, end: number): boolean {
  const header = window.view(offset, recordHeaderBytes)
  const expected = storedCrc(header)
  let sum = crc32(checksummedHeader(header))
  let at = offset + recordHeaderBytes
  while (at < end) {
    const piece = window.piece(at, end, 1)
    sum = crc32(piece, sum)
    at += piece.length
  }
  return sum === expected
}

/** Whether the file has only zeros from `offset` on. */
export function isZero(window: FileWindow, offset: number): boolean {
  for (let at = offset; at < window.sizeBytes;) {
    const piece = window.piece(at, window.sizeBytes, 1)
    for (let i = 0; i < piece.length; i++) if (piece[i] !== 0) return false
    at += piece.length
  }
  return true
}

/** Whether a sector within [start, end), or the part of a sector within it, is all zeros. */
export function hasLostSector(window: FileWindow, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const sectorEnd = Math.min(end, at - (at % sectorBytes) + sectorBytes)
    if (window.view(at, sectorEnd - at).every((byte) => byte === 0)) return true
    at = sectorEnd
  }
  return false
}
