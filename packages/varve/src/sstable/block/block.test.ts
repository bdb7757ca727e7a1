import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Memory } from '../../base/memory.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { expiryBytes } from '../../key/expiry.js'
import { PointLookup } from '../../entry/point-lookup.js'
import { ValueKind } from '../../key/value-kind.js'
import { inputEntry } from '../../testing/kit/input-entry.js'
import { Block, BlockAnswer } from './block.js'
import { AppendBuffer, type OutputRoom, outputRoomBytes } from './append-buffer.js'
import { BlockBuilder } from './block-builder.js'
import { EntryPlace } from './entry-place.js'

const base = 1000

function blockIn(bytes: Buffer, baseSequence = 0, offset = 0): Block {
  const origin = { baseSequence, path: 'f', offsetOf: () => offset }
  // Between other bytes, as in the cache.
  const around = Buffer.concat([Buffer.alloc(7, 0xee), bytes, Buffer.alloc(9, 0xee)])
  return new Block(origin).at(0, around, 7, 7 + bytes.length)
}

function newBuilder(): { builder: BlockBuilder; room: OutputRoom } {
  const room = { memory: Memory.allocate(outputRoomBytes), start: 0 }
  const output = new AppendBuffer(new MemoryFileSystem().create('/f'), room)
  return { builder: new BlockBuilder(output, 256), room }
}

function build(
  entries: readonly [key: string, delta: number, kind: number, value: Buffer][],
): Buffer {
  const { builder } = newBuilder()
  for (const [name, delta, kind, value] of entries) {
    const entry = inputEntry({ key: Buffer.from(name), sequence: 0, kind, value })
    builder.add(entry, entry.hash(), delta)
  }
  return Buffer.from(builder.finish())
}

function lookUp(block: Block, name: string, visible: number): PointLookup & { answer: number } {
  const key = Buffer.from(name)
  const lookup = new PointLookup()
  lookup.start(key, key.length, visible, true)
  return Object.assign(lookup, { answer: block.find(lookup) })
}

test('finds the newest visible version or reports why there is none', () => {
  const value = Buffer.from('v')
  const block = blockIn(
    build([
      ['a', 9, 1, value],
      ['b', 8, 1, value],
      ['b', 3, 0, Buffer.alloc(0)],
      ['c', 7, 1, value],
    ]),
    base,
  )
  assert.equal(lookUp(block, 'b', 2000).sequence, base + 8)
  const older = lookUp(block, 'b', base + 7)
  assert.deepEqual(
    [older.sequence, older.kind, older.valueEnd - older.valueStart],
    [base + 3, 0, 0],
  )
  assert.equal(lookUp(block, 'b', base + 2).answer, BlockAnswer.tooNew)
  assert.equal(lookUp(block, 'c', base + 2).answer, BlockAnswer.continues)
  assert.equal(lookUp(block, 'bb', 2000).answer, BlockAnswer.absent)
})

test('numbers of every length survive a round trip', () => {
  for (const delta of [
    0,
    127,
    128,
    16_383,
    16_384,
    2 ** 21,
    2 ** 28 - 1,
    2 ** 28,
    2 ** 35,
    2 ** 53 - 1,
  ]) {
    for (const length of [0, 127, 128, 16_384, 70_000, 2 ** 21 + 5]) {
      const block = blockIn(build([['k', delta, 1, Buffer.alloc(length, 7)]]))
      const entry = new EntryPlace()
      block.read(block.start, entry)
      assert.deepEqual([entry.sequenceDelta, entry.valueEnd - entry.keyEnd], [delta, length])
    }
  }
})

test('a large block has wide offsets', () => {
  const value = Buffer.alloc(50)
  const names = Array.from({ length: 3000 }, (_, i) => String(i).padStart(5, '0'))
  const block = blockIn(build(names.map((name) => [name, 5, 1, value])), base)
  assert.equal(block.count, 3000)
  assert.equal(lookUp(block, '02999', 2000).answer, BlockAnswer.found)
  assert.equal(block.lowerBound(Buffer.from('01500')), 1500)
  assert.equal(block.lowerBound(Buffer.from('015005')), 1501)
  assert.equal(block.lowerBound(Buffer.from('1')), 3000)
})

test('a payload too short for its arrays is damage', () => {
  const payload = build([['key', 1, 1, Buffer.from('value')]])
  for (const count of [0, 5, 100, 0x7fffffff, 0x80000000, 0x80000005, 0xffffffff]) {
    const bytes = Buffer.from(payload)
    bytes.writeUInt32LE(count, bytes.length - 4)
    assert.throws(() => blockIn(bytes, 0, 77), { code: 'CORRUPTION', file: 'f', offset: 77 })
  }
  for (let length = 0; length < 4; length++) {
    assert.throws(() => blockIn(payload.subarray(0, length)), { code: 'CORRUPTION' })
  }
})

test('an entry that exceeds its block is damage, one of a later kind is unsupported', () => {
  const damage: [at: number, byte: number, code: string][] = [
    [0, 3, 'UNSUPPORTED_FORMAT'],
    [0, 2, 'CORRUPTION'],
    [0, 200, 'CORRUPTION'],
    [1, 120, 'CORRUPTION'],
    [1, 255, 'CORRUPTION'],
    [2, 120, 'CORRUPTION'],
  ]
  for (const [at, byte, code] of damage) {
    const bytes = build([['key', 1, 1, Buffer.from('value')]])
    bytes[at] = byte
    const block = blockIn(bytes)
    assert.throws(() => lookUp(block, 'key', 2000), { code })
    assert.throws(() => block.lowerBound(Buffer.from('key')), { code })
  }
})

test('an expiring value too short for its expiry time is damage', () => {
  for (let length = 0; length <= expiryBytes; length++) {
    const block = blockIn(build([['key', 1, ValueKind.putWithExpiry, Buffer.alloc(length)]]))
    if (length === expiryBytes) {
      assert.equal(lookUp(block, 'key', 2000).kind, ValueKind.putWithExpiry)
    } else {
      assert.throws(() => lookUp(block, 'key', 2000), { code: 'CORRUPTION', file: 'f' })
      assert.throws(() => block.lowerBound(Buffer.from('key')), { code: 'CORRUPTION', file: 'f' })
    }
  }
})

test('a builder frees the memory of a giant value', () => {
  const { builder, room } = newBuilder()
  const key = Buffer.from('k')
  builder.add(inputEntry({ key, sequence: 1, kind: 1, value: Buffer.alloc(1 << 20) }), 0, 0)
  assert.notEqual(builder.finish().buffer, room.memory.bytes.buffer)
  assert.deepEqual(builder.lastKey, key)
  builder.add(inputEntry({ key, sequence: 1, kind: 1, value: key }), 0, 0)
  const payload = builder.finish()
  assert.equal(payload.buffer, room.memory.bytes.buffer)
  assert.equal(blockIn(payload).count, 1)
})
