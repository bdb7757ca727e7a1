import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { MemoryFileSystem } from '../fs/memory-file-system.js'
import { open } from '../index.js'
import { VirtualClock } from '../testing/virtual-clock.js'
import type { OpenOptions, PolicyChange } from './api.js'
import type { Database } from './database.js'

const KiB = 1024

function options(): OpenOptions {
  return {
    background: 'inline',
    fileSystem: new MemoryFileSystem(),
    memtableBytes: 64 * KiB,
    tableBytes: 64 * KiB,
    compaction: { policy: 'sizeTiered', l0Trigger: 2, sizeRatio: 3 },
  }
}

/** Overwrites records at random until so many tables have been flushed. */
async function fill(db: Database<string, string>, flushes: number): Promise<void> {
  const prng = new Prng(1)
  const until = db.stats().flushes.count + flushes
  while (db.stats().flushes.count < until) {
    await db.put(`key ${prng.below(2000)}`, prng.bytes(50).toString('hex'))
  }
}

function runsOf(db: Database<string, string>): number[] {
  return db.levels().map(({ runs }) => runs)
}

test('a tree takes on the shape of the policy that it is given, while it is written to', async () => {
  const db = await open('/db', options())
  const seen: PolicyChange[] = []
  db.on('policy', (change) => seen.push(change))
  let mostRuns = 0
  for (let i = 0; i < 30; i++) {
    await fill(db, 1)
    mostRuns = Math.max(mostRuns, ...runsOf(db).slice(1))
  }
  assert.ok(mostRuns > 1)

  db.setCompaction({ policy: 'leveled', l0Trigger: 2, baseBytes: 64 * KiB, sizeRatio: 4 })
  assert.equal(db.stats().compactions.policy, 'leveled')
  await fill(db, 12)
  assert.ok(Math.max(...runsOf(db).slice(1)) === 1, `runs ${runsOf(db).join(' ')}`)
  assert.ok(db.stats().amplification.space < 2)

  await Promise.resolve()
  const [{ atMs, ...change }] = seen
  assert.deepEqual(change, { from: 'sizeTiered', to: 'leveled', reason: 'set by hand' })
  assert.deepEqual(db.stats().compactions.policyChanges, seen)
  assert.ok(atMs > 0)
  assert.throws(() => db.setCompaction('tiered' as never), { code: 'INVALID_ARGUMENT' })
  await db.close()
})

test('fifo keeps so many bytes and merges nothing, not even by hand', async () => {
  const db = await open('/db', {
    ...options(),
    compaction: { policy: 'fifo', maxBytes: 400 * KiB },
  })
  await fill(db, 30)
  await db.compact()
  const { tables, compactions, stalls } = db.stats()
  assert.ok(tables.sizeBytes <= 400 * KiB && tables.sizeBytes > 250 * KiB, `${tables.sizeBytes}`)
  assert.equal(compactions.count + stalls.count, 0)
  assert.ok(compactions.drops > 10)
  await db.close()
})

test('fifo drops what is too old, though nobody writes', async () => {
  const clock = new VirtualClock()
  let wallMs = 1_000_000
  clock.wallMs = () => wallMs
  const compaction = { policy: 'fifo', maxAgeMs: 60_000 } as const
  const db = await open('/db', { ...options(), clock, compaction })
  const pass = (ms: number): void => {
    wallMs += ms
    clock.advance(ms)
  }
  await db.put('old', '1')
  await db.flush()
  pass(50_000)
  await db.put('new', '2')
  await db.flush()
  assert.equal(await db.get('old'), '1')
  pass(11_000)
  assert.equal(await db.get('old'), undefined)
  assert.equal(await db.get('new'), '2')
  pass(60_000)
  assert.equal(db.stats().tables.count, 0)
  await db.close()
})
