import { crc32 } from '../../../base/bytes/checksum.js'
import { writeU64 } from '../../../base/bytes/u64.js'
import { VarintWriter } from '../../../base/bytes/varint.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { CodecRegistry } from '../../../sstable/block/codec.js'
import { unpackBlock } from '../../../sstable/block/stored-block.js'
import {
  encodeFooter,
  encodeHeader,
  footerBytes,
  tableFormatVersion,
} from '../../../sstable/format/table-format.js'
import { TolerantTable } from '../../../sstable/salvage/tolerant-table.js'

export interface StoredPayload {
  payload: Buffer
  /** The codec in the trailer. The payload is stored unchanged. */
  codecId: number
}

/** A parsed table. It can be written back with valid checksums, handles and offsets. */
export interface TableModel {
  blocks: (StoredPayload & { separator: Buffer })[]
  filter: StoredPayload
  rangeDeletes: StoredPayload
  properties: StoredPayload
  /** Changes to the index entry of the n-th block. */
  indexChange: { index: number; offset: number; sizeBytes: number } | undefined
  footerChange: { at: number; value: number } | undefined
}

/** Returns undefined if the table is not sound. */
export function takeApart(bytes: Buffer): TableModel | undefined {
  const fs = new MemoryFileSystem()
  fs.create('/t').append(bytes, 0, bytes.length)
  const codecs = new CodecRegistry()
  const table = new TolerantTable(fs.openForRead('/t'), codecs)
  const soundBlocks = [...table.blocks()].length
  const { handles, index } = table
  if (handles === undefined || index === undefined || table.damage.length > 0) return undefined
  if (soundBlocks !== index.length) return undefined
  const payloadOf = ({ offset, sizeBytes }: { offset: number; sizeBytes: number }): Buffer =>
    Buffer.from(unpackBlock(bytes.subarray(offset, offset + sizeBytes), codecs, '/t', offset))
  const plain = (handle: { offset: number; sizeBytes: number }): StoredPayload => ({
    payload: payloadOf(handle),
    codecId: 0,
  })
  return {
    blocks: index.map((entry) => ({
      ...plain(entry),
      separator: Buffer.from(entry.separator),
    })),
    filter: plain(handles.filter),
    rangeDeletes: plain(handles.rangeDelete),
    properties: plain(handles.properties),
    indexChange: undefined,
    footerChange: undefined,
  }
}

export function putTogether(model: TableModel): Buffer {
  const parts = [encodeHeader(tableFormatVersion)]
  let offset = parts[0].length
  const add = ({ payload, codecId }: StoredPayload): { offset: number; sizeBytes: number } => {
    const trailer = Buffer.alloc(5)
    trailer[0] = codecId
    trailer.writeUInt32LE(crc32(trailer.subarray(0, 1), crc32(payload)), 1)
    parts.push(payload, trailer)
    const handle = { offset, sizeBytes: payload.length + trailer.length }
    offset += handle.sizeBytes
    return handle
  }
  const index = new VarintWriter()
  for (const [i, block] of model.blocks.entries()) {
    const handle = add(block)
    const said = model.indexChange?.index === i ? model.indexChange : handle
    index.writeLengthPrefixed(block.separator).write(said.offset).write(said.sizeBytes)
  }
  const filter = add(model.filter)
  const rangeDelete = add(model.rangeDeletes)
  const indexHandle = add({ payload: Buffer.from(index.finish()), codecId: 0 })
  const properties = add(model.properties)
  const footer = encodeFooter(
    { filter, rangeDelete, index: indexHandle, properties },
    tableFormatVersion,
  )
  if (model.footerChange !== undefined) {
    const { at, value } = model.footerChange
    writeU64(footer, at, value)
    footer.writeUInt32LE(crc32(footer.subarray(0, 48)), 48)
  }
  return Buffer.concat([...parts, footer.subarray(0, footerBytes)])
}
