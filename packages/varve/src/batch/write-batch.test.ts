import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../base/testing/fast-check.js'
import { VarveError } from '../base/errors.js'
import { expiryBytes } from '../key/expiry.js'
import { ValueKind } from '../key/value-kind.js'
import { groupHeaderBytes, maxGroupOperations } from './batch-format.js'
import { BatchReader } from './batch-reader.js'
import { WriteBatch } from './write-batch.js'

const headroomBytes = 16

interface Model {
  kind: number
  keyspace: number
  key: Buffer
  value: Buffer | null
}

const bytes = (minLength: number) =>
  fc.uint8Array({ minLength, maxLength: 300 }).map((array) => Buffer.from(array))

const operation: fc.Arbitrary<Model> = fc.oneof(
  fc.record({
    kind: fc.constant(ValueKind.put),
    keyspace: fc.nat(65535),
    key: bytes(1),
    value: bytes(0),
  }),
  fc.record({
    kind: fc.constant(ValueKind.putWithExpiry),
    keyspace: fc.nat(65535),
    key: bytes(1),
    value: bytes(expiryBytes),
  }),
  fc.record({
    kind: fc.constant(ValueKind.delete),
    keyspace: fc.nat(65535),
    key: bytes(1),
    value: fc.constant(Buffer.alloc(0)),
  }),
  fc
    .record({
      kind: fc.constant(ValueKind.rangeDelete),
      keyspace: fc.nat(65535),
      key: bytes(0),
      value: fc.option(bytes(0)),
    })
    .filter(({ key, value }) => value === null || key.compare(value) < 0),
)

function add(batch: WriteBatch, { kind, keyspace, key, value }: Model): void {
  if (kind === ValueKind.rangeDelete) {
    batch.rangeDelete(keyspace, key, value)
    return
  }
  batch.begin(kind as ValueKind, keyspace)
  batch.appendBytes(key)
  batch.endKey()
  if (value !== null) batch.appendBytes(value)
  batch.end()
}

function read(payload: Buffer): { models: Model[]; sequences: number[]; problem?: string } {
  const reader = new BatchReader()
  reader.open(payload, 0, payload.length)
  const models: Model[] = []
  const sequences: number[] = []
  while (reader.next()) {
    const { kind, keyspace, keyStart, keyEnd, valueStart, valueEnd, unbounded } = reader
    assert.ok(keyStart <= keyEnd && keyEnd <= valueStart && valueEnd <= payload.length)
    const value = unbounded ? null : payload.subarray(valueStart, valueEnd)
    models.push({ kind, keyspace, key: payload.subarray(keyStart, keyEnd), value })
    sequences.push(reader.sequence)
  }
  return { models, sequences, ...(reader.problem === undefined ? {} : { problem: reader.problem }) }
}

function payloadOf(operations: readonly Model[], firstSequence: number): Buffer {
  const batch = new WriteBatch(headroomBytes, 64)
  for (const each of operations) add(batch, each)
  batch.seal(firstSequence)
  return Buffer.from(batch.buffer.subarray(headroomBytes, batch.length))
}

test('a reader returns the written operations, with consecutive sequences', () => {
  fc.assert(
    fc.property(fc.array(operation), fc.integer({ min: 1, max: 2 ** 52 }), (operations, first) => {
      const { models, sequences, problem } = read(payloadOf(operations, first))
      assert.equal(problem, undefined)
      assert.deepEqual(
        models,
        operations.map((each) => ({ ...each })),
      )
      assert.deepEqual(
        sequences,
        operations.map((_, i) => first + i),
      )
    }),
  )
})

test('a payload that is truncated or followed by more bytes is a problem', () => {
  const put = { kind: ValueKind.put, keyspace: 0, key: Buffer.from('key'), value: Buffer.from('v') }
  const payload = payloadOf([put, { ...put, kind: ValueKind.delete, value: Buffer.alloc(0) }], 7)
  for (let length = 0; length < payload.length; length++) {
    assert.ok(read(payload.subarray(0, length)).problem !== undefined, `cut to ${length}`)
  }
  assert.ok(read(Buffer.concat([payload, Buffer.of(0)])).problem !== undefined)
})

test('a value with expiry that is too short for its expiry time is a problem', () => {
  const key = Buffer.from('key')
  for (let length = 0; length <= expiryBytes; length++) {
    const put = { kind: ValueKind.put, keyspace: 0, key, value: Buffer.alloc(length) }
    const payload = payloadOf([put], 7)
    payload[groupHeaderBytes] = ValueKind.putWithExpiry
    assert.equal(read(payload).problem === undefined, length === expiryBytes, `${length} bytes`)
  }
})

test('no changed byte makes the reader leave its payload', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.nat(255),
      (operations, at, byte) => {
        const payload = payloadOf(operations, 1)
        payload[at % payload.length] = byte
        read(payload)
      },
    ),
  )
})

test('rejects empty and too long keys, and a rollback leaves nothing of them', () => {
  const batch = new WriteBatch(headroomBytes)
  add(batch, { kind: ValueKind.put, keyspace: 0, key: Buffer.from('a'), value: Buffer.from('1') })
  const mark = batch.mark()
  for (const length of [0, 64 * 1024 + 1]) {
    const key = Buffer.alloc(length)
    assert.throws(
      () => add(batch, { kind: ValueKind.delete, keyspace: 0, key, value: null }),
      (error) => error instanceof VarveError && error.code === 'INVALID_ARGUMENT',
    )
    batch.rollback(mark)
  }
  batch.seal(1)
  const { models } = read(batch.buffer.subarray(headroomBytes, batch.length))
  assert.equal(models.length, 1)
  assert.deepEqual({ count: batch.count, userBytes: batch.userBytes }, { count: 1, userBytes: 2 })
})

test('a batch takes its maximum of operations and no more', () => {
  const batch = new WriteBatch(headroomBytes, 64)
  const one = { kind: ValueKind.delete, keyspace: 0, key: Buffer.from('k'), value: null }
  const all = { kind: ValueKind.rangeDelete, keyspace: 0, key: Buffer.from('a'), value: null }
  add(batch, one)
  batch.count = maxGroupOperations - 1
  add(batch, one)
  const mark = batch.mark()
  for (const refused of [one, all]) {
    assert.throws(() => add(batch, refused), {
      code: 'INVALID_ARGUMENT',
      message: /operations; await/,
    })
    batch.cancel()
    assert.deepEqual(batch.mark(), mark)
  }
})

test('releases the memory of one huge group, and keeps that of repeated large groups', () => {
  const batch = new WriteBatch(headroomBytes)
  const group = (valueBytes: number): Buffer => {
    const value = Buffer.alloc(valueBytes)
    add(batch, { kind: ValueKind.put, keyspace: 0, key: Buffer.from('a'), value })
    const { buffer } = batch
    batch.clear()
    return buffer
  }
  const mebibyte = 1024 * 1024
  const large = group(12 * mebibyte)
  assert.equal(group(5 * mebibyte), large)
  assert.equal(group(1), large)
  assert.notEqual(group(1), large)
  const huge = group(40 * mebibyte)
  assert.notEqual(group(40 * mebibyte), huge)
})

test('encodes texts of every length from a small initial buffer', () => {
  for (const text of ['x', 'é', '語', 'x'.repeat(41), 'é'.repeat(3000), '語x'.repeat(70_000)]) {
    const batch = new WriteBatch(headroomBytes, 64)
    for (let i = 0; i < 3; i++) {
      batch.begin(ValueKind.put, 0)
      batch.appendText('key')
      batch.endKey()
      batch.appendText(text)
      batch.end()
    }
    batch.seal(1)
    const { models } = read(Buffer.from(batch.buffer.subarray(headroomBytes, batch.length)))
    const values = models.map(({ value }) => value?.toString())
    assert.deepEqual(values, [text, text, text])
  }
})
