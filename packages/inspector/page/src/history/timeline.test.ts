import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlacedTable, TreeEdit, WireTable } from '../../../src/protocol/tree.js'
import { editText } from './edit-text.js'
import { Timeline } from './timeline.js'

test('every moment of a long history has the right tables, in any order', () => {
  const edits: TreeEdit[] = []
  for (let i = 0; i < 1000; i++) {
    const deleted = i < 10 ? [] : [{ level: 1, fileNumber: i - 10 }]
    edits.push({ atMs: i, added: [placed(i, 1)], deleted })
  }
  const timeline = new Timeline(edits)
  for (const index of [999, 0, 5, 500, 501, 499, 700, 256, 255, 999]) {
    const expected = Array.from({ length: Math.min(10, index + 1) }, (_, i) => index - i).reverse()
    assert.deepEqual([...timeline.at(index).keys()], expected)
  }
  assert.equal(timeline.at(3), timeline.at(3))
  assert.deepEqual(timeline.moments[999].levelBytes, [0, 1000, 0, 0, 0, 0, 0])
})

test('edits are described', () => {
  const before = new Map([placed(1, 0), placed(2, 1)].map((one) => [one.table.fileNumber, one]))
  const text = (edit: Partial<TreeEdit>, tables = before): string =>
    editText({ atMs: 0, added: [], deleted: [], ...edit }, tables)
  const both = [
    { level: 0, fileNumber: 1 },
    { level: 1, fileNumber: 2 },
  ]
  assert.equal(text({ added: [placed(3, 0)] }), 'Flush → L0: 1 table, 100 B')
  assert.equal(
    text({ deleted: both, added: [placed(3, 1)] }),
    'Merge L0+L1 → L1: 2 tables (200 B) to 1 (100 B)',
  )
  assert.equal(
    text({ deleted: [{ level: 0, fileNumber: 1 }], added: [placed(1, 2)] }),
    'Move L0 → L2: 1 table, 100 B',
  )
  assert.equal(text({ deleted: both }), 'Drop from L0+L1: 2 tables, 200 B')
  assert.equal(text({ added: [placed(3, 0), placed(4, 1)] }, new Map()), 'Start: 2 tables, 200 B')
})

function placed(fileNumber: number, level: number): PlacedTable {
  const table = { fileNumber, sizeBytes: 100 } as WireTable
  return { level, table }
}
