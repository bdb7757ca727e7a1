import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../base/testing/fast-check.js'
import { VarintWriter } from '../base/bytes/varint.js'
import { maxFileNumber } from '../store/file-names.js'
import type { TableMetadata } from './table-metadata.js'
import { maxKeyspaceId } from './keyspace-record.js'
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

/** A run only where one is allowed, and likewise shadowed entries. */
const added = fc
  .record(
    {
      keyspace: number,
      level,
      table,
      run: fc.nat(5),
      writtenAtMs: number,
      isShadowed: fc.boolean(),
    },
    plain,
  )
  .map(({ run, writtenAtMs, isShadowed, ...given }) => ({
    ...given,
    table: {
      ...given.table,
      run: given.level === 0 ? 0 : run,
      writtenAtMs,
      ...(isShadowed ? shadowsIn(given.table) : {}),
    },
  }))

function shadowsIn(table: TableMetadata): Partial<TableMetadata> {
  const { minSequence, maxSequence, entryCount, keyBytes } = table
  if (minSequence === maxSequence || entryCount === 0) return {}
  return {
    shadowedCount: entryCount,
    shadowedBytes: keyBytes,
    oldestShadowed: minSequence,
    newestShadowing: maxSequence,
  }
}

const keyspaceId = fc.integer({ min: 1, max: maxKeyspaceId })
const keyspaceRecord = fc.record(
  {
    id: keyspaceId,
    name: fc.string({ minLength: 1, unit: 'grapheme' }),
    options: fc.dictionary(fc.string(), fc.jsonValue()).map((options) => JSON.stringify(options)),
  },
  plain,
)

const edit: fc.Arbitrary<VersionEdit> = fc
  .record({
    numbers: fc.record(
      {
        formatVersion: number,
        logNumber: fileNumber,
        nextFileNumber: fileNumber,
        lastSequence: number,
        nextKeyspace: keyspaceId,
        filterSecret: number.filter((secret) => secret > 0),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
    deleted: fc.array(fc.record({ keyspace: number, level, fileNumber: number }, plain)),
    added: fc.array(added),
    lists: fc.record(
      {
        keyspaces: fc.array(keyspaceRecord, { minLength: 1 }),
        droppedKeyspaces: fc.array(keyspaceId, { minLength: 1 }),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  })
  .map(({ numbers, deleted, added, lists }) => ({ ...numbers, deleted, added, ...lists }))

test('decoding returns the encoded edit', () => {
  fc.assert(fc.property(edit, (given) => assert.deepEqual(decodeEdit(encodeEdit(given)), given)))
})

test('damaged bytes never throw and never decode to an invalid table', () => {
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

test('a truncated edit is damaged', () => {
  const bytes = encodeEdit({ added: [{ keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b') }] })
  for (let length = 1; length < bytes.length; length++) {
    assert.equal(decodeEdit(bytes.subarray(0, length)), 'damaged', `cut at ${length}`)
  }
})

test('unknown tags from 128 on are skipped, and lower ones rejected', () => {
  const withTag = (tag: number): Buffer =>
    new VarintWriter()
      .writeBytes(encodeEdit({ logNumber: 3 }))
      .write(tag)
      .write(2)
      .write(1)
      .write(1)
      .finish()
  assert.deepEqual(decodeEdit(withTag(131)), { logNumber: 3, deleted: [], added: [] })
  for (const tag of [0, 12, 127]) assert.equal(decodeEdit(withTag(tag)), 'unsupported')
})

test('a run, a time or shadowed entries without a table, or a run on level 0, is damage', () => {
  const run = new VarintWriter().write(9).write(1).write(2).finish()
  const time = new VarintWriter().write(128).write(1).write(2).finish()
  const shadowed = new VarintWriter().write(129).write(4)
  const shadows = shadowed.write(1).write(1).write(1).write(2).finish()
  for (const field of [run, time, shadows]) assert.equal(decodeEdit(field), 'damaged')
  const on0 = [{ keyspace: 0, level: 0, table: fakeTable(7, 'a', 'b', { run: 1 }) }]
  assert.equal(decodeEdit(encodeEdit({ added: on0 })), 'damaged')
})

test('a tree with one run per level has the encoding from before runs existed', () => {
  const fields = [{ keyspace: 0, level: 3, table: fakeTable(7, 'a', 'b') }]
  assert.equal(encodeEdit({ added: fields })[0], 6)
  assert.equal(encodeEdit({ added: fields }).length, encodeEdit({ added: fields })[1] + 2)
})

test('an invalid table is damage', () => {
  const shadows = {
    minSequence: 7,
    maxSequence: 9,
    shadowedCount: 10,
    shadowedBytes: 100,
    oldestShadowed: 7,
    newestShadowing: 9,
  }
  for (const added of [
    { keyspace: 0, level: 1, table: fakeTable(7, 'b', 'a') },
    { keyspace: 0, level: levelCount, table: fakeTable(7, 'a', 'b') },
    { keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', { minSequence: 9, maxSequence: 8 }) },
    { keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', { ...shadows, shadowedCount: 11 }) },
    { keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', { ...shadows, shadowedBytes: 101 }) },
    { keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', { ...shadows, oldestShadowed: 6 }) },
    { keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', { ...shadows, oldestShadowed: 9 }) },
    { keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', { ...shadows, newestShadowing: 10 }) },
  ]) {
    assert.equal(decodeEdit(encodeEdit({ added: [added] })), 'damaged')
  }
  const sound = [{ keyspace: 0, level: 1, table: fakeTable(7, 'a', 'b', shadows) }]
  assert.notEqual(decodeEdit(encodeEdit({ added: sound })), 'damaged')
})
