import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ValueKind } from '../key/value-kind.js'
import { maxSealedMemtables, MemTables } from './memtables.js'

const capacityBytes = 64 * 1024
const key = Buffer.from('key')

test('arenas are reused, however flushes lag and catch up', () => {
  const memtables = new MemTables(capacityBytes)
  const arenas = new Set<SharedArrayBuffer>()
  let sequence = 0
  const fill = (): void => {
    const { memtable } = memtables.active
    memtables.retain(memtable)
    memtable.insert(++sequence, ValueKind.put, key, 0, key.length, key, 0, key.length)
    arenas.add(memtable.seal().buffer)
    memtables.rotate(0)
  }
  for (const behind of [1, maxSealedMemtables, 1, 1, maxSealedMemtables, 1]) {
    for (let i = 0; i < behind; i++) fill()
    for (const slot of memtables.sealed) {
      memtables.removeFlushed(slot)
      memtables.release(slot.memtable)
    }
  }
  assert.equal(arenas.size, 1 + maxSealedMemtables)
})

test('memory is prepared once, and not while all of it is in use', () => {
  const memtables = new MemTables(capacityBytes)
  const prepared: boolean[] = []
  for (let sealed = 0; sealed <= maxSealedMemtables; sealed++) {
    prepared.push(memtables.prepareRotation(), memtables.prepareRotation())
    assert.equal(memtables.memoryBytes > 0, prepared[2 * sealed])
    const { memtable } = memtables.active
    memtable.insert(sealed + 1, ValueKind.put, key, 0, key.length, key, 0, key.length)
    memtables.rotate(0)
    assert.equal(memtables.memoryBytes, 0)
  }
  assert.deepEqual(prepared, [true, false, true, false, false, false])
})

test('the arena of an oversized commit is not reused', () => {
  const memtables = new MemTables(capacityBytes)
  memtables.rotate(10 * capacityBytes)
  const large = memtables.active.memtable
  memtables.retain(large)
  memtables.rotate(0)
  memtables.release(large)
  memtables.rotate(0)
  assert.equal(memtables.active.memtable.capacityBytes, capacityBytes)
  assert.ok(memtables.memoryBytes < capacityBytes)
})
