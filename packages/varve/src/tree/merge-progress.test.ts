import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSpec } from '../compaction/pickers/compaction-spec.js'
import { fakeTable, fakeVersion } from '../version/testing/fake-tables.js'
import { MergeProgress } from './merge-progress.js'

test('progress is the share of the entries of all inputs', () => {
  const newer = fakeTable(3, 'a', 'z', { sizeBytes: 300, entryCount: 30 })
  const older = fakeTable(2, 'a', 'z', { sizeBytes: 100, entryCount: 10 })
  const deeper = fakeTable(1, 'a', 'z', { sizeBytes: 600, entryCount: 60 })
  const version = fakeVersion([[newer, older], [deeper]])
  const inputs = [
    { level: 0, tables: [newer, older] },
    { level: 1, tables: [deeper] },
  ]
  const merge = new MergeProgress(makeSpec(version, 'merge', '', inputs, { level: 1, run: 0 }))
  assert.deepEqual([merge.level0Count, merge.share], [2, 0])
  merge.moveTo(25)
  assert.equal(merge.share, 0.25)
  merge.moveTo(1000)
  assert.equal(merge.share, 1)
})

test('a merge without tables of level 0, or without entries', () => {
  const table = fakeTable(1, 'a', 'z', { entryCount: 0, rangeDeleteCount: 1 })
  const version = fakeVersion([[], [table]])
  const inputs = [{ level: 1, tables: [table] }]
  const merge = new MergeProgress(makeSpec(version, 'merge', '', inputs, { level: 2, run: 0 }))
  merge.moveTo(5)
  assert.deepEqual([merge.level0Count, merge.share], [0, 0])
})
