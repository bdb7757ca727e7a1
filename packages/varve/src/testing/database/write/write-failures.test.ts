import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../../base/errors.js'
import {
  FaultyFileSystem,
  type Fault,
  type FileOperation,
} from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import type { OpenOptions } from '../../../db/api.js'

const path = '/db'

const isLog = ({ path: file }: FileOperation): boolean => file.endsWith('.log')
const noSpace: Fault = { systemCode: 'ENOSPC', shortWriteBytes: 10 }

function setUp(options: OpenOptions = {}) {
  const memory = new MemoryFileSystem()
  const fs = new FaultyFileSystem(memory)
  const all = {
    ...options,
    fileSystem: fs,
    background: 'inline' as const,
    memtableBytes: 64 * 1024,
  }
  return { memory, fs, start: () => open(path, all) }
}

const code = (expected: string) => (error: unknown) =>
  error instanceof VarveError && error.code === expected

async function keysOf(fs: MemoryFileSystem): Promise<string[]> {
  const db = await open(path, { fileSystem: fs, background: 'inline' })
  const keys = [...db.keys()]
  await db.close()
  return keys
}

test('a full disk fails only the group being written', async () => {
  const { fs, memory, start } = setUp()
  const db = await start()
  await db.put('a', '1')
  fs.faultFor = (operation) =>
    operation.kind === 'append' && isLog(operation) ? noSpace : undefined
  const both = await Promise.allSettled([db.put('b', '2'), db.put('c', '3')])
  for (const result of both) {
    assert.ok(result.status === 'rejected' && code('IO')(result.reason))
    assert.equal((result.reason as VarveError).systemCode, 'ENOSPC')
  }
  assert.throws(() => db.putSync('d', '4'), code('IO'))
  assert.equal(db.getSync('b'), undefined)
  fs.faultFor = () => undefined
  await db.put('e', '5')
  assert.equal(db.stats().sequence, 2)
  await db.close()
  assert.deepEqual(await keysOf(memory), ['a', 'e'])
})

for (const kind of ['create', 'append'] as const) {
  test(`if a new log cannot be created (${kind} fails), the old one stays in use`, async () => {
    const { fs, memory, start } = setUp()
    const db = await start()
    const value = 'v'.repeat(50_000)
    await db.put('a', value)
    let faults = 0
    fs.faultFor = (operation) =>
      operation.kind === kind && isLog(operation) && faults++ < 1 ? noSpace : undefined
    await assert.rejects(db.put('b', value), code('IO'))
    assert.equal(faults, 1)
    await db.put('c', value)
    await db.put('d', value)
    const killed = memory.processCrashClone()
    await db.close()
    assert.deepEqual(await keysOf(killed), ['a', 'c', 'd'])
  })
}

test('a failed append that cannot be undone poisons: reads work, reopening recovers', async () => {
  const { fs, memory, start } = setUp()
  const db = await start()
  await db.put('a', '1')
  fs.faultFor = (operation) =>
    isLog(operation) && (operation.kind === 'append' || operation.kind === 'truncate')
      ? noSpace
      : undefined
  await assert.rejects(db.put('b', '2'), code('POISONED'))
  fs.faultFor = () => undefined
  await assert.rejects(db.put('c', '3'), code('POISONED'))
  assert.throws(() => db.delSync('a'), code('POISONED'))
  assert.equal(await db.get('a'), '1')
  await db.close()
  assert.deepEqual(await keysOf(memory), ['a'])
})

for (const way of ['async', 'blocking'] as const) {
  test(`a failed sync poisons (${way}) but keeps earlier acknowledged writes`, async () => {
    const { fs, memory, start } = setUp()
    const db = await start()
    await db.put('a', '1', { sync: true })
    fs.faultFor = (operation) =>
      operation.kind === 'sync' && isLog(operation) ? { systemCode: 'EIO' } : undefined
    if (way === 'async') await assert.rejects(db.put('b', '2', { sync: true }), code('POISONED'))
    else assert.throws(() => db.putSync('b', '2', { sync: true }), code('POISONED'))
    fs.faultFor = () => undefined
    await assert.rejects(db.put('c', '3'), code('POISONED'))
    assert.deepEqual([...db.keys()], ['a'])
    const left = memory.crashClone({ unsynced: 'none', prng: null as never, sectorBytes: 512 })
    await db.close()
    assert.deepEqual(await keysOf(left), ['a'])
    assert.deepEqual(await keysOf(memory), ['a'], 'the refused write is not found')
  })
}

test('a blocking write during a failing sync is refused too', async () => {
  const { fs, memory, start } = setUp()
  const db = await start()
  await db.put('a', '1', { sync: true })
  let faults = 0
  fs.faultFor = (operation) =>
    operation.kind === 'sync' && isLog(operation) && faults++ === 0
      ? { systemCode: 'EIO' }
      : undefined
  const first = db.put('b', '2', { sync: true })
  await Promise.resolve()
  assert.throws(() => db.putSync('c', '3', { sync: true }), code('POISONED'))
  await assert.rejects(first, code('POISONED'))
  assert.equal(faults, 1)
  await db.close()
  assert.deepEqual(await keysOf(memory), ['a'])
})

test('entries that a failed sync left in memory are durable after recovery', async () => {
  const { fs, memory, start } = setUp()
  const db = await start()
  await db.put('a', '1')
  fs.faultFor = (operation) => {
    if (operation.kind !== 'sync' || !isLog(operation)) return undefined
    memory.failSync(operation.path, { unsynced: 'none', prng: null as never, sectorBytes: 512 })
    return { systemCode: 'EIO' }
  }
  await assert.rejects(db.put('b', '2', { sync: true }), code('POISONED'))
  await db.close()
  fs.faultFor = () => undefined
  const again = await start()
  await again.put('c', '3', { sync: true })
  const left = memory.crashClone({ unsynced: 'none', prng: null as never, sectorBytes: 512 })
  await again.close()
  assert.deepEqual(await keysOf(left), ['a', 'c'])
})

test('a full disk that hits the MANIFEST fails the flush and leaves no file', async () => {
  const clock = new VirtualClock()
  const { fs, memory, start } = setUp({ clock })
  const db = await start()
  await db.put('a', '1')
  fs.faultFor = ({ kind, path: file }) =>
    kind === 'append' && file.includes('MANIFEST') ? noSpace : undefined
  const flushed = db.flush()
  await new Promise(setImmediate)
  assert.equal(db.stats().flushes.count, 0)
  assert.deepEqual(
    memory.list(path).filter((name) => name.includes('.sst')),
    [],
  )
  await db.put('b', '2')
  fs.faultFor = () => undefined
  clock.advance(1000)
  await flushed
  assert.equal(db.stats().flushes.count, 1)
  await db.put('c', '3')
  await db.close()
  assert.deepEqual(await keysOf(memory), ['a', 'b', 'c'])
})

test('a MANIFEST that cannot be synced poisons the whole database', async () => {
  const { fs, memory, start } = setUp()
  const db = await start()
  await db.put('a', '1')
  fs.faultFor = ({ kind, path: file }) =>
    kind === 'sync' && file.includes('MANIFEST') ? { systemCode: 'EIO' } : undefined
  await assert.rejects(db.flush(), code('POISONED'))
  await assert.rejects(db.put('b', '2'), code('POISONED'))
  assert.equal(await db.get('a'), '1')
  fs.faultFor = () => undefined
  await db.close()
  assert.deepEqual(await keysOf(memory), ['a'])
})

test('a group that fills during a failing sync is refused with it', async () => {
  const { fs, start } = setUp({ durability: 'sync' })
  const db = await start()
  fs.faultFor = (operation) =>
    operation.kind === 'sync' && isLog(operation) ? { systemCode: 'EIO' } : undefined
  const first = db.put('a', '1')
  await Promise.resolve()
  const results = await Promise.allSettled([first, db.put('b', '2')])
  for (const result of results) {
    assert.ok(result.status === 'rejected' && code('POISONED')(result.reason))
  }
  await db.close()
})

test('a blocking write that waits for failing flushes gets their error', async () => {
  const { fs, memory, start } = setUp({ clock: new VirtualClock() })
  const db = await start()
  fs.faultFor = ({ path: file }) => (file.endsWith('.tmp') ? noSpace : undefined)
  const value = 'v'.repeat(50_000)
  let written = 0
  assert.throws(() => {
    for (; written < 20; written++) db.putSync(`k${written}`, value)
  }, code('IO'))
  assert.ok(written >= 3, `only ${written} writes succeeded`)
  assert.equal(db.getSync('k0'), value)
  await db.close()
  fs.faultFor = () => undefined
  assert.equal((await keysOf(memory)).length, written)
})

test('a blocking write continues once a failing flush succeeds', async () => {
  const { fs, start } = setUp({ clock: new VirtualClock() })
  const db = await start()
  let faults = 0
  fs.faultFor = ({ path: file }) =>
    file.endsWith('.tmp') && faults++ < 2 ? { systemCode: 'EIO' } : undefined
  const value = 'v'.repeat(50_000)
  for (let i = 0; i < 10; i++) db.putSync(`k${i}`, value)
  assert.ok(db.stats().flushes.count > 0)
  assert.equal([...db.keys()].length, 10)
  await db.close()
})

test('a flush ends despite continuous writes', async () => {
  const fileSystem = new MemoryFileSystem()
  const db = await open('/db', { fileSystem, background: 'inline', durability: 'sync' })
  let written = 0
  let isOver = false
  const writer = async (name: string): Promise<void> => {
    while (!isOver) await db.put(`${name} ${written++}`, 'x')
  }
  const writers = ['a', 'b', 'c'].map(writer)
  while (written < 20) await new Promise(setImmediate)
  await db.flush()
  isOver = true
  await Promise.all(writers)
  assert.ok(db.stats().tables.count >= 1)
  assert.equal([...db.keys()].length, written)
  await db.close()
})
