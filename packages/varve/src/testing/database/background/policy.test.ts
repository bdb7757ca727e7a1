import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import type { OpenOptions, PolicyChange } from '../../../db/api.js'
import type { Database } from '../../../db/database.js'

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

/** Overwrites random records until `flushes` more tables have been flushed. */
async function fill(db: Database<string, string>, flushes: number): Promise<void> {
  const prng = new Prng(1)
  const until = db.stats().flushes.count + flushes
  while (db.stats().flushes.count < until) {
    await db.put(`key ${prng.below(2000)}`, prng.bytes(50).toString('hex'))
  }
}

/** The largest number of sorted runs on a level below level 0. */
function mostRuns(db: Database<string, string>): number {
  return Math.max(...db.levels().map(({ level, runs }) => (level === 0 ? 0 : runs)))
}

async function fillUntil(db: Database<string, string>, isThere: () => boolean): Promise<void> {
  for (let flushes = 0; !isThere(); flushes++) {
    assert.ok(flushes < 40, 'the tree does not reach the shape')
    await fill(db, 1)
  }
}

test('a tree adopts the shape of a new policy while it is written to', async () => {
  const db = await open('/db', options())
  const seen: PolicyChange[] = []
  db.on('policy', (change) => seen.push(change))
  await fillUntil(db, () => mostRuns(db) > 1)

  db.setCompaction({ policy: 'leveled', l0Trigger: 2, baseBytes: 64 * KiB, sizeRatio: 4 })
  assert.equal(db.stats().compactions.policy, 'leveled')
  await fillUntil(db, () => mostRuns(db) === 1)
  await fill(db, 8)
  assert.equal(mostRuns(db), 1)

  await Promise.resolve()
  const [{ atMs, ...change }] = seen
  assert.deepEqual(change, { from: 'sizeTiered', to: 'leveled', reason: 'set by setCompaction' })
  assert.deepEqual(db.stats().compactions.policyChanges, seen)
  assert.ok(atMs > 0)
  assert.throws(() => db.setCompaction('tiered' as never), { code: 'INVALID_ARGUMENT' })
  await db.close()
})

test('fifo keeps the configured bytes and merges nothing, even by hand', async () => {
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

test('fifo drops tables that are too old, even without writes', async () => {
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
