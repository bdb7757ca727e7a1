import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../fs/memory-file-system.js'
import { open } from '../index.js'

const options = {
  background: 'inline',
  memtableBytes: 64 * 1024,
  compaction: { policy: 'leveled', l0Trigger: 2, l0Slowdown: 3, l0Stop: 4 },
} as const

test('compactions that are paused leave level 0 to grow, and catch up when they are resumed', async () => {
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
  assert.equal(db.stats().compactions.count, 1, 'by hand it goes on')
  for (let i = 0; i < 50; i++) await db.put(`k${i % 10}`, value)
  assert.ok(db.levels()[0].tables.length > 4)
  db.resumeCompaction()
  db.resumeCompaction()
  assert.ok(!db.stats().compactions.paused)
  assert.ok(db.levels()[0].tables.length < 2)
})
