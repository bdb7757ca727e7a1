import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import type { RangeTombstone } from '../key/range-tombstone.js'
import { type BlockCodec, CodecRegistry } from './block/codec.js'
import { decodeRangeDeletes, RangeDeleteBlockBuilder } from './block/range-delete-block.js'
import { TableWriter } from './table-writer.js'
import { openTable, readContext } from './testing/random-table.js'

function key(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

/** `each(i)` gives the bounds of the i-th; the sequences ascend. */
function tombstones(count: number, each: (i: number) => [number, number]): RangeTombstone[] {
  return Array.from({ length: count }, (_, i) => {
    const [start, end] = each(i)
    return { start: key(start), end: key(end), sequence: i + 1 }
  })
}

function encode(list: readonly RangeTombstone[]): Buffer {
  const builder = new RangeDeleteBlockBuilder()
  for (const tombstone of list) builder.add(tombstone)
  return Buffer.from(builder.finish())
}

test('range deletes survive a round trip', () => {
  const list = tombstones(100, (i) => [10 * i, 10 * i + 5])
  const payload = encode(list)
  assert.deepEqual(decodeRangeDeletes(payload, payload.length, 'f', 0), list)
})

test('tombstones with equal starts are newest first and distinct', () => {
  const [first, second] = tombstones(2, () => [1, 5])
  const decode = (list: RangeTombstone[]): RangeTombstone[] => {
    const payload = encode(list)
    return decodeRangeDeletes(payload, payload.length, 'f', 7)
  }
  assert.equal(decode([second, first]).length, 2)
  assert.throws(() => decode([first, second]), { code: 'CORRUPTION', offset: 7 })
  assert.throws(() => decode([second, second]), { code: 'CORRUPTION', offset: 7 })
})

test('more range deletes than stored bytes are refused and never written', () => {
  const list = tombstones(100, (i) => [10 * i, 10 * i + 5])
  const payload = encode(list)
  assert.equal(decodeRangeDeletes(payload, 100, 'f', 0).length, 100)
  assert.throws(() => decodeRangeDeletes(payload, 99, 'f', 7), { code: 'CORRUPTION', offset: 7 })

  // A codec that packs whatever it is given into a byte: the writer does without it.
  const originals: Buffer[] = []
  const tightCodec: BlockCodec = {
    id: 64,
    name: 'tight',
    compress: (bytes) => Buffer.of(originals.push(Buffer.from(bytes)) - 1),
    decompress: (bytes) => Buffer.from(originals[bytes[0]]),
  }
  const fs = new MemoryFileSystem()
  const options = { blockBytes: 4096, filterBitsPerKey: 10, codec: tightCodec }
  const writer = new TableWriter(fs.create('/t'), options, 1)
  for (const { start, end, sequence } of list) writer.addRangeTombstone(start, end, sequence)
  writer.finish()
  const reader = openTable(fs, '/t', { ...readContext(), codecs: new CodecRegistry([tightCodec]) })
  assert.deepEqual(reader.rangeTombstones.tombstones, list)
  reader.close()
})

test('thousands of nested range deletes can be read', () => {
  const nested = tombstones(3000, (i) => [i, 100_000 - i])
  const payload = encode(nested)
  assert.deepEqual(decodeRangeDeletes(payload, payload.length, 'f', 0), nested)
})
