import { deflateRawSync } from 'node:zlib'
import type { Prng } from '../../../base/prng.js'
import { VarintReader, VarintWriter } from '../../../base/bytes/varint.js'
import { edgeNumbers, mutateBytes } from './mutate-bytes.js'
import { putTogether, type StoredPayload, takeApart, type TableModel } from './table-model.js'

/** A table with one or a few wrong values and valid checksums. */
export function mutateTable(bytes: Buffer, random: Prng): Buffer {
  const model = takeApart(bytes)
  if (model === undefined) return mutateBytes(bytes, random)
  for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) change(model, random)
  return putTogether(model)
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

/** Range deletes, each nested in the one before. */
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

/** A few bytes that decompress to many, or claim to. */
export function bomb(random: Prng): StoredPayload {
  const claimed = random.pick([0, 100, 10_000_000, 2 ** 31 - 1, 2 ** 40])
  const actual = random.pick([0, 100, 10_000_000])
  const writer = new VarintWriter().write(claimed)
  const payload = Buffer.concat([writer.finish(), deflateRawSync(Buffer.alloc(actual))])
  return { payload, codecId: random.pick([1, 1, 1, 0, 2, 3, 77]) }
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
