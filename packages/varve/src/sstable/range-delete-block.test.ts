import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RangeTombstone } from '../key/range-tombstone.js'
import {
  decodeRangeDeletes,
  fragmentRangeDeletes,
  RangeDeleteBlockBuilder,
} from './range-delete-block.js'

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

test('range deletes come back as they were', () => {
  const list = tombstones(100, (i) => [10 * i, 10 * i + 5])
  const builder = new RangeDeleteBlockBuilder()
  for (const tombstone of list) builder.add(tombstone)
  assert.deepEqual(decodeRangeDeletes(Buffer.from(builder.finish()), 'f', 0), list)
})

test('range deletes that overlap beyond all measure are refused before they fill the memory', () => {
  const side = tombstones(3000, (i) => [10 * i, 10 * i + 15])
  assert.ok(fragmentRangeDeletes(side, 'f', 0).fragments.length >= 3000)
  const nested = tombstones(3000, (i) => [i, 100_000 - i])
  assert.throws(() => fragmentRangeDeletes(nested, 'f', 7), { code: 'CORRUPTION', offset: 7 })
})
