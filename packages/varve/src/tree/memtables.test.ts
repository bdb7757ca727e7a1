import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PointLookup } from '../entry/point-lookup.js'
import { ValueKind } from '../key/value-kind.js'
import { MemTable } from '../memtable/memtable.js'
import { VirtualClock } from '../testing/kit/virtual-clock.js'
import { ArenaPool, maxSealedMemtables } from './arena-pool.js'
import { MemTables } from './memtables.js'

const capacityBytes = 64 * 1024
const key = Buffer.from('key')

test('arenas are reused, however flushes lag and catch up', () => {
  const pool = new ArenaPool(capacityBytes)
  const memtables = new MemTables(pool)
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
  const pool = new ArenaPool(capacityBytes)
  const memtables = new MemTables(pool)
  const prepared: boolean[] = []
  for (let sealed = 0; sealed <= maxSealedMemtables; sealed++) {
    prepared.push(memtables.prepareRotation(), memtables.prepareRotation())
    assert.equal(pool.memoryBytes > 0, prepared[2 * sealed])
    const { memtable } = memtables.active
    memtable.insert(sealed + 1, ValueKind.put, key, 0, key.length, key, 0, key.length)
    memtables.rotate(0)
    assert.equal(pool.memoryBytes, 0)
  }
  assert.deepEqual(prepared, [true, false, true, false, false, false])
})

test('the arena of an oversized commit is not reused', () => {
  const pool = new ArenaPool(capacityBytes)
  const memtables = new MemTables(pool)
  memtables.rotate(10 * capacityBytes)
  const large = memtables.active.memtable
  memtables.retain(large)
  memtables.rotate(0)
  memtables.release(large)
  memtables.rotate(0)
  assert.equal(memtables.active.memtable.capacityBytes, capacityBytes)
  assert.ok(pool.memoryBytes < capacityBytes)
})

test('a tree that starts small grows by copies, and readers keep what they read', () => {
  const memtables = new MemTables(new ArenaPool(8 * 2 ** 20), true)
  const bytes = MemTable.entryBytes(8, 1000)
  assert.equal(memtables.memoryBytes, 0)
  assert.ok(!memtables.active.memtable.hasRoom(bytes))
  const seen: MemTable[] = []
  const value = Buffer.alloc(1000)
  for (let sequence = 1; sequence <= 7000; sequence++) {
    const name = Buffer.from(`${sequence % 500}`.padStart(8))
    if (!memtables.active.memtable.hasRoom(bytes)) {
      assert.ok(memtables.canGrow(bytes))
      seen.push(memtables.active.memtable)
      memtables.grow(bytes)
    }
    value.writeUInt32LE(sequence)
    const { memtable } = memtables.active
    memtable.insert(sequence, ValueKind.put, name, 0, name.length, value, 0, value.length)
  }
  assert.deepEqual(
    seen.map(({ capacityBytes: capacity }) => capacity),
    [28, ...[4, 16, 64, 256, 1024, 4096].map((KiB) => KiB * 1024)],
  )
  for (const memtable of [...seen.slice(1), memtables.active.memtable]) {
    const { maxSequence } = memtable
    for (const at of [maxSequence, maxSequence - 1, Math.ceil(maxSequence / 2)]) {
      const lookup = new PointLookup(new VirtualClock())
      const name = Buffer.from(`${at % 500}`.padStart(8))
      lookup.start(name, name.length, at, true)
      memtable.get(lookup)
      assert.equal(lookup.valueBytes.readUInt32LE(lookup.valueStart), at)
    }
    let entries = 0
    for (const walk = memtable.iterator(); ; walk.next()) {
      if (entries === 0) walk.seekToFirst()
      if (!walk.valid) break
      entries++
    }
    assert.equal(entries, maxSequence)
  }
  memtables.rotate(0)
  assert.equal(memtables.active.memtable.capacityBytes, 8 * 2 ** 20)
  memtables.rotate(0)
  assert.ok(!memtables.active.memtable.hasRoom(bytes))
})
