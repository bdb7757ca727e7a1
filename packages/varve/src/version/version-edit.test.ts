import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VarintWriter } from '../base/varint.js'
import { maxFileNumber } from '../store/file-names.js'
import { fakeTable } from './testing/fake-tables.js'
import { decodeEdit, encodeEdit, type VersionEdit } from './version-edit.js'
import { levelCount } from './version.js'

const number = fc.maxSafeNat()
const fileNumber = fc.nat(maxFileNumber)
const plain = { noNullPrototype: true } as const
const level = fc.nat(levelCount - 1)
const start = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))

const table = fc
  .record({ fileNumber, sizeBytes: number, keyBytes: number, valueBytes: number })
  .chain((sizes) =>
    fc
      .tuple(start, fc.boolean(), fc.nat(1e9), fc.nat(1e9), fc.nat(1e9), fc.nat(1e9))
      .map(([from, bounded, low, span, deletes, puts]) => ({
        ...fakeTable(1, '', null),
        ...sizes,
        range: { start: from, end: bounded ? Buffer.concat([from, Buffer.from('+')]) : null },
        minSequence: low,
        maxSequence: low + span,
        entryCount: deletes + puts,
        deleteCount: deletes,
        rangeDeleteCount: span,
      })),
  )

/** A run only where there may be one. */
const added = fc
  .record({ keyspace: number, level, table, run: fc.nat(5), writtenAtMs: number }, plain)
  .map(({ run, writtenAtMs, ...given }) => ({
    ...given,
    table: { ...given.table, run: given.level === 0 ? 0 : run, writtenAtMs },
  }))

const edit: fc.Arbitrary<VersionEdit> = fc
  .record({
    numbers: fc.record(
      {
        formatVersion: number,
        logNumber: fileNumber,
        nextFileNumber: fileNumber,
        lastSequence: number,
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
    deleted: fc.array(fc.record({ keyspace: number, level, fileNumber: number }, plain)),
    added: fc.array(added),
  })
  .map(({ numbers, deleted, added }) => ({ ...numbers, deleted, added }))

test('an edit comes back as it was', () => {
  fc.assert(fc.property(edit, (given) => assert.deepEqual(decodeEdit(encodeEdit(given)), given)))
})

test('damaged bytes never throw, and never make a table that cannot be', () => {
  const property = fc.property(edit, fc.nat(), fc.nat(255), (given, at, byte) => {
    const bytes = encodeEdit(given)
    if (bytes.length > 0) bytes[at % bytes.length] = byte
    const decoded = decodeEdit(bytes)
    if (typeof decoded === 'string') return
    for (const { level: on, table: of } of decoded.added ?? []) {
      assert.ok(on < levelCount && of.minSequence <= of.maxSequence)
    }
  })
  fc.assert(property, { numRuns: 500 })
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeEdit(bytes)))
})

test('a cut edit is damaged', () => {
  const bytes = encodeEdit({ added: [{ keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b') }] })
  for (let length = 1; length < bytes.length; length++) {
    assert.equal(decodeEdit(bytes.subarray(0, length)), 'damaged', `cut at ${length}`)
  }
})

test('unknown tags are skipped from 128 on and refused below', () => {
  const withTag = (tag: number): Buffer =>
    new VarintWriter()
      .writeBytes(encodeEdit({ logNumber: 3 }))
      .write(tag)
      .write(2)
      .write(1)
      .write(1)
      .finish()
  assert.deepEqual(decodeEdit(withTag(129)), { logNumber: 3, deleted: [], added: [] })
  for (const tag of [0, 7, 11, 127]) assert.equal(decodeEdit(withTag(tag)), 'unsupported')
})

test('a run or a time without its table, and a run on level 0, are damage', () => {
  const run = new VarintWriter().write(9).write(1).write(2).finish()
  const time = new VarintWriter().write(128).write(1).write(2).finish()
  for (const field of [run, time]) assert.equal(decodeEdit(field), 'damaged')
  const on0 = [{ keyspace: 0, level: 0, table: fakeTable(7, 'a', 'b', { run: 1 }) }]
  assert.equal(decodeEdit(encodeEdit({ added: on0 })), 'damaged')
})

test('a tree of one run a level is written as before there were runs', () => {
  const fields = [{ keyspace: 0, level: 3, table: fakeTable(7, 'a', 'b') }]
  assert.equal(encodeEdit({ added: fields })[0], 6)
  assert.equal(encodeEdit({ added: fields }).length, encodeEdit({ added: fields })[1] + 2)
})

test('a table with an empty range or on a level that is not there is damage', () => {
  for (const added of [
    { keyspace: 0, level: 1, table: fakeTable(7, 'b', 'a') },
    { keyspace: 0, level: levelCount, table: fakeTable(7, 'a', 'b') },
    { keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', { minSequence: 9, maxSequence: 8 }) },
  ]) {
    assert.equal(decodeEdit(encodeEdit({ added: [added] })), 'damaged')
  }
})
