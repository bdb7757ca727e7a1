import { deflateRawSync } from 'node:zlib'
import { crc32 } from '../../base/checksum.js'
import type { Prng } from '../../base/prng.js'
import { writeU64 } from '../../base/u64.js'
import { VarintReader, VarintWriter } from '../../base/varint.js'
import { MemoryFileSystem } from '../../fs/memory-file-system.js'
import { CodecRegistry } from '../../sstable/codec.js'
import { unpackBlock } from '../../sstable/stored-block.js'
import { encodeFooter, encodeHeader, footerBytes } from '../../sstable/table-format.js'
import { TolerantTable } from '../../sstable/tolerant-table.js'
import { edgeNumbers, mutateBytes } from './mutate-bytes.js'

interface StoredPayload {
  payload: Buffer
  /** What the trailer says; the payload is stored as it is. */
  codecId: number
}

/** A table taken to pieces, to be put together again with right checksums, handles and offsets. */
interface TableModel {
  blocks: (StoredPayload & { separator: Buffer })[]
  filter: StoredPayload
  rangeDeletes: StoredPayload
  properties: StoredPayload
  /** Changes of what the index says of the n-th block. */
  indexChange: { index: number; offset: number; sizeBytes: number } | undefined
  footerChange: { at: number; value: number } | undefined
}

/** A table that is wrong in one or a few places and whose checksums hold. */
export function mutateTable(bytes: Buffer, random: Prng): Buffer {
  const model = takeApart(bytes)
  if (model === undefined) return mutateBytes(bytes, random)
  for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) change(model, random)
  return putTogether(model)
}

function takeApart(bytes: Buffer): TableModel | undefined {
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

function change(model: TableModel, random: Prng): void {
  const { blocks } = model
  const index = random.below(Math.max(1, blocks.length))
  const block = blocks.at(index)
  switch (random.below(14)) {
    case 0:
    case 1:
    case 2:
      if (block !== undefined) block.payload = mutateBytes(block.payload, random)
      return
    case 3:
      if (block !== undefined) block.separator = mutateBytes(block.separator, random)
      return
    case 4:
      if (block !== undefined) blocks.splice(random.below(blocks.length), 0, { ...block })
      return
    case 5:
      if (blocks.length > 1) blocks.splice(index, 1)
      return
    case 6:
      blocks.reverse()
      return
    case 7:
      model.filter.payload = mutateBytes(model.filter.payload, random)
      return
    case 8:
      model.rangeDeletes.payload = random.chance(0.3)
        ? nestedRanges(random.pick([100, 3000]))
        : mutateBytes(model.rangeDeletes.payload, random)
      return
    case 9:
      model.properties.payload = mutateBytes(model.properties.payload, random)
      return
    case 10:
      model.properties.payload = changeProperty(model.properties.payload, random)
      return
    case 11:
      Object.assign(random.pick([block ?? model.filter, model.rangeDeletes]), bomb(random))
      return
    case 12:
      model.indexChange = {
        index,
        offset: random.pick(edgeNumbers),
        sizeBytes: random.pick(edgeNumbers),
      }
      return
    default:
      model.footerChange = { at: random.below(4) * 12, value: random.pick(edgeNumbers) }
  }
}

/** Range deletes of which each lies in the one before. */
function nestedRanges(count: number): Buffer {
  const writer = new VarintWriter()
  for (let i = 0; i < count; i++) {
    const start = Buffer.alloc(4)
    start.writeUInt32BE(i)
    const end = Buffer.alloc(4)
    end.writeUInt32BE(2 ** 32 - 1 - i)
    writer
      .writeLengthPrefixed(start)
      .write(end.length + 1)
      .writeBytes(end)
      .write(i + 1)
  }
  return Buffer.from(writer.finish())
}

/** Few bytes that unpack to many, or that say so. */
function bomb(random: Prng): StoredPayload {
  const claimed = random.pick([0, 100, 10_000_000, 2 ** 31 - 1, 2 ** 40])
  const actual = random.pick([0, 100, 10_000_000])
  const writer = new VarintWriter().write(claimed)
  const payload = Buffer.concat([writer.finish(), deflateRawSync(Buffer.alloc(actual))])
  return { payload, codecId: random.pick([1, 1, 1, 0, 2, 77]) }
}

function changeProperty(payload: Buffer, random: Prng): Buffer {
  const reader = new VarintReader(payload)
  const pairs: [Uint8Array, Uint8Array][] = []
  while (reader.offset < payload.length && !reader.failed) {
    pairs.push([reader.readLengthPrefixed(), reader.readLengthPrefixed()])
  }
  const changed = random.below(pairs.length)
  const writer = new VarintWriter()
  for (const [i, [name, value]] of pairs.entries()) {
    const number = Buffer.from(new VarintWriter().write(random.pick(edgeNumbers)).finish())
    writer.writeLengthPrefixed(name).writeLengthPrefixed(i === changed ? number : value)
  }
  return Buffer.from(writer.finish())
}

function putTogether(model: TableModel): Buffer {
  const parts = [encodeHeader()]
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
  const footer = encodeFooter({ filter, rangeDelete, index: indexHandle, properties })
  if (model.footerChange !== undefined) {
    const { at, value } = model.footerChange
    writeU64(footer, at, value)
    footer.writeUInt32LE(crc32(footer.subarray(0, 48)), 48)
  }
  return Buffer.concat([...parts, footer.subarray(0, footerBytes)])
}
