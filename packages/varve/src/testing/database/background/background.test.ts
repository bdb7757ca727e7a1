import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InlineExecutor } from '../../../compaction/executors/inline-executor.js'
import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { spaceCheckMs } from '../../../compaction/schedule/job-lane.js'
import { open, VarveError } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'

const options = {
  background: 'inline',
  memtableBytes: 64 * 1024,
  codec: 'none',
  compaction: { policy: 'leveled', l0Trigger: 2, l0Slowdown: 4, l0Stop: 4 },
} as const

test('while compactions are paused level 0 grows; resuming compacts it', async () => {
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  const value = 'v'.repeat(10_000)
  await db.pauseCompaction()
  await db.pauseCompaction()
  assert.ok(db.stats().compactions.paused)
  for (let i = 0; i < 50; i++) await db.put(`k${i % 10}`, value)
  for (let i = 0; i < 50; i++) db.putSync(`k${i % 10}`, value)
  const { stalls, flushes, compactions } = db.stats()
  assert.ok(flushes.count > 10, `${flushes.count} flushes`)
  assert.equal(compactions.count + compactions.moves, 0)
  assert.equal(db.levels()[0].tables.length, flushes.count)
  assert.equal(stalls.count, 0)
  assert.equal([...db.keys()].length, 10)

  await db.compact({ prefix: 'k1' })
  assert.equal(db.stats().compactions.count, 1, 'a manual compaction still runs')
  for (let i = 0; i < 50; i++) await db.put(`k${i % 10}`, value)
  assert.ok(db.levels()[0].tables.length > 4)
  db.resumeCompaction()
  db.resumeCompaction()
  assert.ok(!db.stats().compactions.paused)
  assert.ok(db.levels()[0].tables.length < 2)
})

/** A disk whose free space the test sets. */
class SmallDisk extends FaultyFileSystem {
  free = Infinity

  override freeBytes(): number {
    return this.free
  }
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof VarveError && error.code === 'IO' && error.systemCode === 'ENOSPC'

test('compactions that would fill the disk wait for free space', async () => {
  const fileSystem = new SmallDisk(new MemoryFileSystem())
  const clock = new VirtualClock()
  await using db = await open('/db', { ...options, fileSystem, clock })
  const errors: VarveError[] = []
  db.on('error', (error) => errors.push(error))
  const value = 'v'.repeat(10_000)
  // Enough for a flush, but not for a compaction of two tables and a flush during it.
  fileSystem.free = 150_000
  let written = 0
  await assert.rejects(async () => {
    for (; written < 100; written++) await db.put(`k${written}`, value)
  }, isDiskFull)
  assert.equal(db.levels()[0].tables.length, options.compaction.l0Stop)
  assert.throws(() => db.putSync('k', value), isDiskFull)
  await assert.rejects(db.compact(), isDiskFull)
  assert.equal(errors.length, 1, 'the shortage is reported once')
  assert.match(db.stats().compactions.failure ?? '', /free some space/)
  assert.equal(db.stats().compactions.count, 0)
  assert.equal(db.stats().flushes.failure, undefined)
  assert.equal([...db.keys()].length, written)

  fileSystem.free = 1e9
  clock.advance(spaceCheckMs)
  assert.equal(db.stats().compactions.failure, undefined)
  for (; written < 100; written++) await db.put(`k${written}`, value)
  assert.equal([...db.keys()].length, 100)
  assert.equal(errors.length, 1)
})

test('flushes that would fill the disk wait; writes fail once memory is full', async () => {
  const fileSystem = new SmallDisk(new MemoryFileSystem())
  const clock = new VirtualClock()
  await using db = await open('/db', { ...options, fileSystem, clock })
  fileSystem.free = 10_000
  await db.put('k', 'v'.repeat(20_000))
  await assert.rejects(db.flush(), isDiskFull)
  let written = 0
  assert.throws(() => {
    for (; written < 100; written++) db.putSync(`k${written}`, 'v'.repeat(10_000))
  }, isDiskFull)
  assert.equal(db.stats().tables.count, 0)
  fileSystem.free = 1e9
  clock.advance(spaceCheckMs)
  await db.flush()
  await db.put('l', 'w')
  assert.equal([...db.keys()].length, written + 2)
})

test('flushes stop after repeated failures, and writes fail with the cause', async () => {
  const fileSystem = new FaultyFileSystem(new MemoryFileSystem())
  const clock = new VirtualClock()
  const db = await open('/db', { ...options, fileSystem, clock })
  const messages: string[] = []
  db.on('error', ({ message }) => messages.push(message))
  fileSystem.faultFor = ({ path }) => (path.endsWith('.tmp') ? { systemCode: 'EIO' } : undefined)
  await db.put('k', 'v')
  const flushed = assert.rejects(db.flush(), /flushes stopped after 6 failures in a row/)
  for (let i = 0; i < 6; i++) {
    await new Promise(setImmediate)
    clock.advance(60_000)
  }
  await flushed
  assert.equal(messages.length, 6)
  assert.match(db.stats().flushes.failure ?? '', /stopped after/)
  assert.equal(db.stats().backgroundErrors, 6)
  assert.equal(fileSystem.list('/db').filter((name) => name.includes('.sst')).length, 0)
  assert.equal(await db.get('k'), 'v')
  await db.close()
  fileSystem.faultFor = () => undefined
  await using again = await open('/db', { ...options, fileSystem })
  assert.equal(await again.get('k'), 'v')
  await again.flush()
})

test('background work is prepared whenever a memtable is half full', async (context) => {
  const { memtableBytes } = options
  const { mock } = context.mock.method(InlineExecutor.prototype, 'prepare')
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  const prepared: number[] = []
  for (let i = 0; i < 16; i++) {
    db.putSync(`k${i}`, 'v'.repeat(memtableBytes / 8))
    prepared.push(mock.callCount())
  }
  assert.ok(db.stats().flushes.count > 0)
  // For the first memtable, memory is allocated before the call.
  assert.deepEqual(prepared, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
})
