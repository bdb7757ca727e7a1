import { forEachSeed } from '../../base/testing/seed.js'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../../base/bytes/bytes.js'
import { Prng } from '../../base/prng.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { rangeContains } from '../../key/key-range.js'
import { ValueKind } from '../../key/value-kind.js'
import { TableWriter } from '../../sstable/table-writer.js'
import { openTable, plainOptions } from '../../sstable/testing/random-table.js'
import { inputEntry } from '../../testing/kit/input-entry.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { cutEvenly, rangeOfPart } from './merge-part.js'

test('pieces are grouped into parts of about the same size', () =>
  forEachSeed(200, (seed) => {
    const random = new Prng(seed)
    const pieces = Array.from({ length: 200 }, () => ({
      end: random.bytes(random.between(1, 4)),
      sizeBytes: random.between(1, 100),
    }))
    const count = random.between(2, 8)
    const cuts = cutEvenly(pieces, count)
    assert.equal(cuts.length, count - 1)
    assert.deepEqual([...cuts].sort(compareBytes), cuts)
    const allBytes = pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    for (const [i, cut] of cuts.entries()) {
      const before = pieces.filter(({ end }) => compareBytes(end, cut) <= 0)
      const bytes = before.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      // Several pieces may end with the same key.
      assert.ok(Math.abs(bytes - (allBytes * (i + 1)) / count) <= 400)
    }
  }))

test('no pieces, or one piece, leave parts empty', () => {
  assert.deepEqual(cutEvenly([], 3), [])
  const end = Buffer.from('k')
  assert.deepEqual(cutEvenly([{ end, sizeBytes: 10 }], 3), [end, end])
})

const keyCount = 2000
const keyOf = (i: number): Buffer => Buffer.from(`key ${String(i).padStart(6, '0')}`)

/** A table with every `step`-th key from `first` on, up to `end`. */
function tableOf(
  fs: MemoryFileSystem,
  fileNumber: number,
  first: number,
  step: number,
  end = keyCount,
): TableMetadata {
  const options = { ...plainOptions, blockBytes: 256 }
  const writer = new TableWriter(fs.create(`/${fileNumber}`), options, 0)
  for (let i = first; i < end; i += step) {
    const value = Buffer.from('a value')
    writer.add(inputEntry({ key: keyOf(i), sequence: 1, kind: ValueKind.put, value }))
  }
  return { fileNumber, run: 0, writtenAtMs: 0, ...writer.finish() }
}

for (const [what, small] of [
  ['large tables, by their indexes', 0],
  ['a large one and small ones, by the ends of these', 40],
] as const) {
  test(`the parts of a merge hold each key once and have equal sizes: ${what}`, () => {
    const fs = new MemoryFileSystem()
    const tables = [0, 1, 2].map((first) => tableOf(fs, first, first, 3))
    for (let i = 0; i < small; i++) tables.push(tableOf(fs, 10 + i, i * 50, 1, (i + 1) * 50))
    const opened = new Set<number>()
    const count = 4
    const ranges = Array.from({ length: count }, (_, index) =>
      rangeOfPart({ index, count }, tables, ({ fileNumber }) => {
        opened.add(fileNumber)
        return openTable(fs, `/${fileNumber}`)
      }),
    )
    const keys = Array.from({ length: keyCount }, (_, i) => keyOf(i))
    const held = ranges.map((range) => keys.filter((key) => rangeContains(range, key)).length)
    assert.equal(
      held.reduce((sum, n) => sum + n, 0),
      keyCount,
    )
    for (const n of held) assert.ok(Math.abs(n - keyCount / count) < keyCount / 16, String(held))
    assert.deepEqual([...opened], [0, 1, 2], 'small tables are not opened')
  })
}
