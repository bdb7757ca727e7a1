import { forEachSeed } from '../../base/testing/seed.js'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from '../../base/bytes/checksum.js'
import { Prng } from '../../base/prng.js'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { ValueKind } from '../../key/value-kind.js'
import { inputEntry } from '../../testing/kit/input-entry.js'
import { CodecRegistry, deflateCodec, noneCodec } from '../block/codec.js'
import { lz4Codec } from '../block/lz4-codec.js'
import { checkTable, type TableFindings } from './table-check.js'
import { footerBytes, headerBytes } from '../format/table-format.js'
import { TableWriter } from '../table-writer.js'
import { type ModelEntry, randomEntries } from '../testing/random-table.js'
import { TolerantTable } from './tolerant-table.js'

function tableOf(entries: readonly ModelEntry[], codec = noneCodec, blockBytes = 200): Buffer {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs.create('/t'), { blockBytes, filterBitsPerKey: 10, codec }, 1)
  for (const entry of entries) writer.add(inputEntry(entry))
  writer.addRangeTombstone(Buffer.from('a'), Buffer.from('c'), 7)
  return bytesOf(fs, writer.finish().sizeBytes)
}

function bytesOf(fs: FileSystem, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  fs.openForRead('/t').read(bytes, 0, sizeBytes, 0)
  return bytes
}

function open(bytes: Buffer): TolerantTable {
  const fs = new MemoryFileSystem()
  fs.create('/t').append(bytes, 0, bytes.length)
  return new TolerantTable(fs.openForRead('/t'), new CodecRegistry())
}

function check(bytes: Buffer): TableFindings & { table: TolerantTable } {
  const table = open(bytes)
  const walk = checkTable(table)
  for (;;) {
    const { done, value } = walk.next()
    if (done === true) return Object.assign(value, { table })
  }
}

/** Offset and size of every data block. */
function blocksOf(bytes: Buffer): [number, number][] {
  return open(bytes).index!.map(({ offset, sizeBytes }) => [offset, sizeBytes])
}

test('a sound table has no damage, and all its entries are counted', () => {
  forEachSeed(20, (seed) => {
    const entries = randomEntries(new Prng(seed), 60)
    const { damage, entryCount, table } = check(
      tableOf(entries, seed % 2 === 0 ? deflateCodec : noneCodec),
    )
    assert.deepEqual(damage, [])
    assert.equal(entryCount, entries.length)
    assert.equal(table.tombstones?.length, 1)
  })
})

test('a flipped bit damages only one part', () => {
  const bytes = tableOf(randomEntries(new Prng(3), 14))
  const total = check(bytes).entryCount
  const blocks = blocksOf(bytes)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] ^= 1 << (bit & 7)
    const { damage, entryCount, blocks: left, table } = check(bytes)
    assert.equal(damage.length, 1, `bit ${bit}`)
    const [{ start, end }] = damage
    const at = bit >> 3
    assert.ok(start <= at && at < end, `bit ${bit} is reported as ${start} to ${end}`)
    const inData = blocks.some(([offset, size]) => at >= offset && at < offset + size)
    assert.equal(left, blocks.length - (inData ? 1 : 0), `bit ${bit}`)
    assert.equal(entryCount === total, !inData)
    assert.ok(table.tombstones !== undefined || !inData)
    bytes[at] ^= 1 << (bit & 7)
  }
})

test('blocks are found without index and footer, even if some are damaged', () => {
  forEachSeed(60, (seed) => {
    const random = new Prng(seed)
    const codec = random.pick([noneCodec, deflateCodec, lz4Codec])
    const bytes = tableOf(randomEntries(random, random.between(5, 80)), codec)
    const blocks = blocksOf(bytes)
    const { handles } = open(bytes)
    let expected = blocks.length
    for (const [offset, size] of blocks) {
      if (!random.chance(0.3)) continue
      bytes[offset + random.below(size)] ^= random.between(1, 255)
      expected--
    }
    const lost = random.pick(['index', 'footer', 'tail'])
    if (lost === 'index') bytes[handles!.index.offset] ^= 1
    else bytes.fill(0, bytes.length - footerBytes)
    const cut = lost === 'tail' ? bytes.subarray(0, handles!.filter.offset) : bytes
    const { blocks: found, table } = check(cut)
    assert.equal(found, expected, `${lost} lost`)
    if (lost === 'footer') {
      assert.ok(table.properties !== undefined && table.tombstones?.length === 1)
    }
  })
})

test('a compressed block of a large value is found without the index', () => {
  const random = new Prng(1)
  const large = Buffer.concat([random.bytes(4_000_000), Buffer.alloc(4_000_000)])
  const values = [Buffer.from('small'), large, Buffer.from('small')]
  const entries = values.map((value, i) => ({
    key: Buffer.from(`key ${i}`),
    sequence: 10 + i,
    kind: ValueKind.put,
    value,
  }))
  const bytes = tableOf(entries, lz4Codec)
  const { handles } = open(bytes)
  assert.equal(blocksOf(bytes).length, 3)
  bytes[handles!.index.offset] ^= 1
  assert.equal(check(bytes).blocks, 3)
})

test('a piece of a table in a value of a damaged block is not part of the table', () => {
  const inner = tableOf(randomEntries(new Prng(5), 30))
  const value = inner.subarray(headerBytes)
  const key = (i: number): Buffer => Buffer.from(`k${String(i).padStart(3, '0')}`)
  const put = (i: number, value: Buffer): ModelEntry => ({
    key: key(i),
    sequence: 9,
    kind: 1,
    value,
  })
  const entries = Array.from({ length: 300 }, (_, i) => put(i, i === 100 ? value : key(i)))
  const bytes = tableOf(entries)
  const blocks = blocksOf(bytes)
  const [offset] = blocks.find(([, size]) => size > value.length)!
  bytes[offset] ^= 1
  bytes.fill(0, bytes.length - footerBytes)
  assert.equal(check(bytes).blocks, blocks.length - 1)
})

test("finds a writer's mistakes under correct checksums", () => {
  const entries = randomEntries(new Prng(8), 12)
  const bytes = tableOf(entries, noneCodec, 100_000)
  const [[offset, size]] = blocksOf(bytes)
  const end = offset + size - 4
  let meaningless = 0
  for (let at = offset; at < end - 1; at++) {
    const changed = Buffer.from(bytes)
    changed[at] ^= 1
    changed.writeUInt32LE(crc32(changed.subarray(offset, end)), end)
    if (check(changed).damage.length === 0) meaningless++
  }
  const { valueBytes } = check(bytes)
  const sequenceBytes = entries.length * 3
  assert.ok(meaningless >= valueBytes && meaningless <= valueBytes + sequenceBytes)
})
