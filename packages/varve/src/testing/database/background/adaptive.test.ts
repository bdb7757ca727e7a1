import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import type { OpenOptions, PolicyChange } from '../../../db/api.js'
import type { Database } from '../../../db/database.js'

const KiB = 1024
const records = 3000

function keyOf(i: number): string {
  return `key ${String(i).padStart(6, '0')}`
}

async function overwrite(db: Database<string, string>, clock: VirtualClock): Promise<void> {
  for (let i = 0; i < records; i++) {
    await db.put(keyOf((i * 7919) % records), 'value'.repeat(30))
    if (i % 100 === 0) clock.advance(1)
  }
}

function scan(db: Database<string, string>): void {
  for (let i = 0; i < 3000; i++) {
    assert.ok([...db.keys({ gte: keyOf((i * 31) % records), limit: 2 })].length > 0)
  }
}

function options(clock: VirtualClock, fileSystem = new MemoryFileSystem()): OpenOptions {
  const compaction = { policy: 'adaptive', windowMs: 10, l0Trigger: 2 } as const
  const sizes = { codec: 'none', memtableBytes: 16 * KiB, tableBytes: 16 * KiB }
  return { background: 'inline', clock, fileSystem, compaction, ...sizes }
}

test('the policy follows the workload and reports its reason', async () => {
  const clock = new VirtualClock()
  const db = await open('/db', options(clock))
  const seen: PolicyChange[] = []
  db.on('policy', (change) => seen.push(change))
  assert.deepEqual(db.stats().compactions.policy, 'sizeTiered')
  assert.equal(db.stats().compactions.adaptive, true)
  await overwrite(db, clock)
  assert.equal(db.stats().compactions.policy, 'sizeTiered')

  for (let i = 0; i < 30; i++) {
    scan(db)
    clock.advance(100)
  }
  assert.equal(db.stats().compactions.policy, 'leveled')
  const runs = db.levels().map((level) => level.runs)
  assert.ok(
    runs.slice(1).every((count) => count <= 1),
    runs.join(' '),
  )
  const { scans, scannedEntries } = db.stats().operations
  assert.equal(scans, 90_000)
  assert.ok(scannedEntries > 179_000 && scannedEntries <= 180_000)

  for (let i = 0; i < 20; i++) await overwrite(db, clock)
  assert.equal(db.stats().compactions.policy, 'sizeTiered')
  assert.deepEqual(
    seen.map(({ to }) => to),
    ['leveled', 'sizeTiered'],
  )
  assert.match(seen[0].reason, /^adaptive: .* scans of /)
  assert.deepEqual(db.stats().compactions.policyChanges, seen)

  db.setCompaction('lazyLeveled')
  assert.equal(db.stats().compactions.adaptive, false)
  for (let i = 0; i < 20; i++) {
    scan(db)
    clock.advance(100)
  }
  assert.equal(db.stats().compactions.policy, 'lazyLeveled')
  db.setCompaction('adaptive')
  assert.equal(db.stats().compactions.adaptive, true)
  await db.close()
})

test('a database opens with the policy that fits the shape of its tree', async () => {
  const fileSystem = new MemoryFileSystem()
  const clock = new VirtualClock()
  const first = await open('/db', options(clock, fileSystem))
  await overwrite(first, clock)
  await first.compact()
  await first.close()
  const db = await open('/db', options(clock, fileSystem))
  assert.equal(db.stats().compactions.policy, 'leveled')
  await db.close()
})
