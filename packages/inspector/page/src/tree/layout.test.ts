import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlacedTable, WireTable } from '../../../src/protocol/tree.js'
import { keyExtents } from './key-space.js'
import { barAt, layoutTree } from './layout.js'
import { barTowards, overlapping } from './neighbours.js'

test('wide parts of the key space are those with much data', () => {
  const extents = keyExtents([
    placed(1, 6, 'a', 'b', 100),
    placed(2, 6, 'b', 'c', 300),
    placed(3, 5, 'b', null, 0),
  ])
  assert.deepEqual(extents.get(1), { start: 0, end: 0.25 })
  assert.deepEqual(extents.get(2), { start: 0.25, end: 1 })
  assert.deepEqual(extents.get(3), { start: 0.25, end: 1 })
})

test('levels are stacked, and runs within a level, newest first', () => {
  const tables = mapOf(
    placed(1, 0, 'a', 'z', 10, 5),
    placed(2, 0, 'a', 'z', 10, 9),
    placed(3, 1, 'a', 'm', 10),
    placed(4, 1, 'm', 'z', 10),
  )
  const { rows, bars, height } = layoutTree(tables, 'keys', 100)
  assert.equal(rows.length, 7)
  assert.deepEqual(
    rows.map(({ tables: count }) => count),
    [2, 2, 0, 0, 0, 0, 0],
  )
  const of = (fileNumber: number) => bars.find(({ table }) => table.fileNumber === fileNumber)!
  assert.ok(of(2).y < of(1).y && of(1).y < of(3).y)
  assert.equal(of(3).y, of(4).y)
  assert.ok(of(3).x + of(3).width <= of(4).x)
  assert.ok(bars.every((bar) => bar.y + bar.height <= height && bar.x + bar.width <= 100.001))
  assert.equal(barAt(bars, of(4).x + 1, of(4).y + 1), of(4))
})

test('by size the largest run fills the width', () => {
  const tables = mapOf(
    placed(1, 5, 'a', 'b', 100),
    placed(2, 6, 'a', 'b', 300),
    placed(3, 6, 'c', 'd', 100),
  )
  const { bars } = layoutTree(tables, 'size', 400)
  assert.deepEqual(
    bars.map(({ table, x, width }) => [table.fileNumber, x, width]),
    [
      [1, 0, 100],
      [2, 0, 300],
      [3, 300, 100],
    ],
  )
})

test('tables that share keys overlap', () => {
  const { bars } = layoutTree(
    mapOf(placed(1, 5, 'a', 'c', 1), placed(2, 6, 'a', 'b', 1), placed(3, 6, 'c', null, 1)),
    'keys',
    100,
  )
  assert.deepEqual([...overlapping(bars, bars[0])], [1, 2])
  assert.deepEqual([...overlapping(bars, bars[2])], [3])
})

test('arrow keys lead to neighbours', () => {
  const { bars } = layoutTree(
    mapOf(placed(1, 1, 'a', 'z', 9), placed(2, 2, 'a', 'm', 9), placed(3, 2, 'm', 'z', 9)),
    'keys',
    90,
  )
  const [top, left, right] = bars
  assert.equal(barTowards(bars, undefined, 'ArrowDown'), top)
  assert.equal(barTowards(bars, left, 'ArrowRight'), right)
  assert.equal(barTowards(bars, right, 'ArrowRight'), right)
  assert.equal(barTowards(bars, right, 'ArrowUp'), top)
  assert.ok([left, right].includes(barTowards(bars, top, 'ArrowDown')!))
})

test('ten thousand tables are placed', () => {
  const tables = Array.from({ length: 10_000 }, (_, i) => {
    const key = (index: number): string => String(index).padStart(6, '0')
    return placed(i + 1, 1 + (i % 6), key(i), key(i + 6), 1000)
  })
  const { bars } = layoutTree(mapOf(...tables), 'keys', 1000)
  assert.equal(bars.length, 10_000)
})

function mapOf(...tables: PlacedTable[]): Map<number, PlacedTable> {
  return new Map(tables.map((one) => [one.table.fileNumber, one]))
}

function placed(
  fileNumber: number,
  level: number,
  start: string,
  end: string | null,
  sizeBytes: number,
  maxSequence = 1,
): PlacedTable {
  const table: WireTable = {
    fileNumber,
    sizeBytes,
    entryCount: 1,
    deleteCount: 0,
    rangeDeleteCount: 0,
    expiringCount: 0,
    shadowedCount: 0,
    smallestKey: btoa(start),
    endKey: end === null ? null : btoa(end),
    minSequence: 1,
    maxSequence,
    run: 0,
    writtenAtMs: 0,
  }
  return { level, table }
}
