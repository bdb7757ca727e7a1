import { crc32 } from '../../base/bytes/checksum.js'
import { corruption, unsupportedFormat } from '../../base/errors.js'
import { readU64, writeU64 } from '../../base/bytes/u64.js'

/**
 * The frame of a table file. All numbers are little-endian; see docs/formats/sstable.md.
 *
 *     0      16                                                              size−64    size
 *     │header│ data block │ … │ data block │ filter │ range-delete │ index │ properties │footer│
 *
 *     header      magic 8B │ format version u32 │ flags u32 (0)
 *     footer      filter handle │ range-delete handle │ index handle │ properties handle │
 *                 crc32 u32 of the handles │ format version u32 │ magic 8B
 *     handle      offset u64 (low u32, high u32) │ stored size u32, including the trailer
 *     any block   payload, as encoded by the codec │ codec u8 │ crc32 u32 of payload and codec
 *
 * Blocks are contiguous, so that a check covers every byte of a file. These numbers are on disk:
 * never change them. Version 2 may have blocks of codecs 2 to 63, and a filter with a secret, which
 * version 1 has not.
 */
export const tableFormatVersion = 2
const firstFormatVersion = 1
const firstCodecOfVersion2 = 2
const firstUserCodec = 64
export const headerBytes = 16
export const footerBytes = 64
export const trailerBytes = 5

/** Largest payload of a block. It fits a value of maximum size, and its offsets fit 31 bits. */
export const maxPayloadBytes = 0x7fff_ffff

const magic = Buffer.from('VarveTbl', 'latin1')
const handleBytes = 12
export const handlesEnd = 4 * handleBytes

/** Place of a stored block in its file; the size includes the trailer. */
export interface BlockHandle {
  readonly offset: number
  readonly sizeBytes: number
}

/** The blocks that describe the data blocks. They are contiguous, so one read loads all of them. */
export interface TableHandles {
  readonly filter: BlockHandle
  readonly rangeDelete: BlockHandle
  readonly index: BlockHandle
  readonly properties: BlockHandle
}

/**
 * The lowest version that has the codec, and filters with a secret if need be, so that earlier
 * versions of Varve read what they can.
 */
export function formatVersionFor(codecId: number, hasFilterSecret: boolean): number {
  const hasNewCodec = codecId >= firstCodecOfVersion2 && codecId < firstUserCodec
  return hasNewCodec || hasFilterSecret ? tableFormatVersion : firstFormatVersion
}

export function encodeHeader(version: number): Buffer {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeUInt32LE(version, 8)
  return header
}

export function checkHeader(header: Buffer, file: string): void {
  if (!header.subarray(0, 8).equals(magic)) {
    throw corruption(file, 0, 'the magic number of a table is missing')
  }
  checkVersion(header.readUInt32LE(8), file)
  const flags = header.readUInt32LE(12)
  if (flags !== 0) throw unsupportedFormat(file, `flags 0x${flags.toString(16)}`)
}

/** Whether a file begins or ends with the magic number of a table. */
export function hasTableMagic(head: Buffer, tail: Buffer): boolean {
  return (
    head.subarray(0, magic.length).equals(magic) ||
    (tail.length >= footerBytes && tail.subarray(-magic.length).equals(magic))
  )
}

export function encodeFooter(handles: TableHandles, version: number): Buffer {
  const footer = Buffer.alloc(footerBytes)
  inFileOrder(handles).forEach(({ offset, sizeBytes }, i) => {
    writeU64(footer, i * handleBytes, offset)
    footer.writeUInt32LE(sizeBytes, i * handleBytes + 8)
  })
  footer.writeUInt32LE(crc32(footer.subarray(0, handlesEnd)), handlesEnd)
  footer.writeUInt32LE(version, handlesEnd + 4)
  magic.copy(footer, handlesEnd + 8)
  return footer
}

/** Ensures: the four blocks are ordered and within the file, between the header and the footer. */
export function decodeFooter(footer: Buffer, fileSize: number, file: string): TableHandles {
  const footerOffset = fileSize - footerBytes
  if (!footer.subarray(handlesEnd + 8).equals(magic)) {
    throw corruption(file, footerOffset, 'the footer of a table is missing')
  }
  checkVersion(footer.readUInt32LE(handlesEnd + 4), file)
  if (crc32(footer.subarray(0, handlesEnd)) !== footer.readUInt32LE(handlesEnd)) {
    throw corruption(file, footerOffset, 'wrong checksum of the footer')
  }
  const [filter, rangeDelete, index, properties] = [0, 1, 2, 3].map((i) => ({
    offset: readU64(footer, i * handleBytes),
    sizeBytes: footer.readUInt32LE(i * handleBytes + 8),
  }))
  const handles = { filter, rangeDelete, index, properties }
  let end = Math.max(filter.offset, headerBytes)
  for (const handle of inFileOrder(handles)) {
    if (handle.offset !== end || handle.sizeBytes < trailerBytes) {
      throw corruption(file, footerOffset, 'the footer names invalid blocks')
    }
    end += handle.sizeBytes
  }
  if (end - filter.offset > maxPayloadBytes) {
    throw corruption(file, footerOffset, 'the blocks that describe the table are too long')
  }
  if (end !== footerOffset) {
    throw corruption(file, footerOffset, 'the blocks of the table do not end at its footer')
  }
  return handles
}

function inFileOrder(handles: TableHandles): BlockHandle[] {
  return [handles.filter, handles.rangeDelete, handles.index, handles.properties]
}

function checkVersion(version: number, file: string): void {
  if (version < firstFormatVersion || version > tableFormatVersion) {
    throw unsupportedFormat(file, `table format ${version}`)
  }
}
