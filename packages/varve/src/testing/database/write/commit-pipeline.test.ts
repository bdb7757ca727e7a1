import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../../base/errors.js'
import { maxGroupOperations, maxGroupPayloadBytes } from '../../../batch/batch-format.js'
import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { memTableBytes } from '../../../memtable/memtable.js'
import { maxArenaBytes } from '../../../memtable/memtable-arena.js'
import { inVirtualTime, nextTurn } from '../../campaigns/simulation/virtual-time.js'
import { VirtualClock } from '../../kit/virtual-clock.js'

const KiB = 1024
const value = 'v'.repeat(KiB)

/** A database whose writes are stopped because it cannot flush. */
async function openStopped(maxStallMs: number) {
  const clock = new VirtualClock()
  const disk = new FaultyFileSystem(new MemoryFileSystem(), ({ kind, path }) =>
    kind === 'create' && path.includes('.sst') ? { systemCode: 'EIO' } : undefined,
  )
  const options = { fileSystem: disk, clock, background: 'inline' } as const
  const db = await open('/db', { ...options, memtableBytes: 64 * KiB, maxStallMs })
  db.on('error', () => {})
  let isStopped = false
  db.on('stall', ({ severity }) => {
    isStopped = severity === 'stop'
  })
  const early: Promise<void>[] = []
  while (!isStopped) {
    early.push(db.put(`early ${String(early.length).padStart(3, '0')}`, value))
    await nextTurn()
    // A delayed write waits for a timer.
    if (!isStopped) clock.advance(50)
  }
  // The last write is stopped.
  await Promise.all(early.slice(0, -1))
  return { db, clock, early, mend: () => void (disk.faultFor = () => undefined) }
}

test('unawaited writes queue while writes are stopped and are committed together', async () => {
  const { db, clock, early, mend } = await openStopped(60_000)
  const { sequence } = db.stats()
  const held: Promise<void>[] = []
  for (let i = 0; i < 300; i++) {
    held.push(db.put(`held ${i}`, value))
    if (i % 50 === 0) await nextTurn()
  }
  assert.equal(new Set([early.at(-1), ...held]).size, 1, 'one promise')
  assert.equal(db.stats().sequence, sequence)
  assert.equal(db.getSync('held 0'), undefined)
  assert.ok(db.stats().memory.commitBuffers > 300 * KiB)
  mend()
  await inVirtualTime(clock, Promise.all(held))
  assert.equal(db.stats().sequence, sequence + 1 + held.length)
  assert.equal([...db.keys()].length, early.length + held.length)
  await db.close()
})

test('queued writes fail together after a long stop and leave no trace', async () => {
  const { db, clock, early, mend } = await openStopped(500)
  const { sequence } = db.stats()
  const held = Array.from({ length: 300 }, (_, i) => db.put(`held ${i}`, value))
  const outcomes = await inVirtualTime(clock, Promise.allSettled([early.at(-1)!, ...held]))
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected')
    assert.ok(outcome.reason instanceof VarveError && outcome.reason.code === 'ABORTED')
  }
  assert.equal(db.stats().sequence, sequence)
  assert.ok(db.stats().memory.commitBuffers < 300 * KiB, 'their memory is released')
  mend()
  await inVirtualTime(clock, db.put('late', value))
  assert.equal([...db.keys()].length, early.length)
  await db.close()
})

test('the largest possible group fits in one memtable', () => {
  const arenaBytes = memTableBytes(maxGroupPayloadBytes, maxGroupOperations)
  assert.ok(arenaBytes <= maxArenaBytes, `${arenaBytes} bytes`)
})
