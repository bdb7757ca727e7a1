import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { BinaryDatabase } from '../../harness/comparison.js'
import { baseMiB, budgetMiB, type Limit, smallBudgets, withDatabase } from './limit.js'

function keyOf(i: number): Buffer {
  return Buffer.from(String(i).padStart(10, '0'))
}

export const tinyBatches: Limit = {
  size: { small: 30_000, full: 5_000_000 },
  maxMiB: () => baseMiB + budgetMiB,
  async run(directory, size) {
    await withDatabase(directory, smallBudgets, async (db) => {
      for (let i = 0; i < size; i++) {
        const operations = [{ type: 'put', key: keyOf(i), value: keyOf(i) }] as const
        // A third of the writes are awaited one by one, and a third as part of their group.
        if (i % 3 === 0) db.batchSync(operations)
        else if (i % 3 === 1) await db.batch(operations)
        else void db.batch(operations)
      }
      await db.flush()
    })
    await withDatabase(directory, smallBudgets, (db) => requireCount(db, size))
  },
}

async function requireCount(db: BinaryDatabase, expected: number): Promise<void> {
  const keys = db.keys()[Symbol.asyncIterator]()
  let count = 0
  while ((await keys.next()).done !== true) count++
  assert.equal(count, expected)
}

/** Iterators that stay open while compactions rewrite everything below them. */
export const openIterators: Limit = {
  size: { small: 500, full: 10_000 },
  maxMiB: (size) => baseMiB + budgetMiB + 30 + size / 20,
  async run(directory, size) {
    const entries = 20_000
    await withDatabase(directory, smallBudgets, async (db) => {
      for (let i = 0; i < entries; i++) db.putSync(keyOf(i), keyOf(i))
      await db.flush()
      const walks = Array.from({ length: size }, (_, n) => {
        const start = n % entries
        const walk = db.entries({ gte: keyOf(start) })[Symbol.iterator]()
        requireEntry(walk.next(), start)
        return { walk, next: start + 1 }
      })
      assert.equal(db.stats().iterators, size)
      for (let i = 0; i < entries; i++) db.putSync(keyOf(i), Buffer.from('newer'))
      await db.flush()
      await db.compact()
      for (const { walk, next } of walks) {
        if (next < entries) requireEntry(walk.next(), next)
        walk.return?.()
      }
      assert.equal(db.stats().iterators, 0)
      await requireNoLeftovers(db)
    })
  },
}

/** The value must be the one from before the walk. */
function requireEntry(step: IteratorResult<[Uint8Array, Uint8Array]>, i: number): void {
  assert.ok(step.done !== true, 'the walk ended early')
  for (const bytes of step.value) assert.ok(keyOf(i).equals(bytes), 'another entry')
}

/** Obsolete tables have no files, or lose them immediately. */
async function requireNoLeftovers(db: BinaryDatabase): Promise<void> {
  const tables = db.levels().flatMap(({ tables }) => tables).length
  const files = (): number => readdirSync(db.path).filter((name) => name.endsWith('.sst')).length
  for (let i = 0; files() > tables && i < 1000; i++) await delay(10)
  assert.equal(files(), tables)
}

export const tombstones: Limit = {
  size: { small: 30_000, full: 1_000_000 },
  maxMiB: () => baseMiB + budgetMiB,
  async run(directory, size) {
    await withDatabase(directory, smallBudgets, async (db) => {
      for (let i = 0; i < size; i++) db.putSync(keyOf(i), keyOf(i))
      const last = Buffer.from('z')
      db.putSync(last, last)
      await db.flush()
      for (let i = 0; i < size; i++) db.delSync(keyOf(i))
      for (const limited of [db.keys({ limit: 1 }), db.keys({ reverse: true })]) {
        assert.deepEqual([...limited].map(String), ['z'])
      }
      const found: string[] = []
      for await (const key of db.keys({ limit: 1 })) found.push(String(key))
      assert.deepEqual(found, ['z'])
      await db.flush()
      await db.compact()
      assert.deepEqual([...db.keys()].map(String), ['z'])
      const tables = db.levels().flatMap(({ tables }) => tables)
      const left = tables.reduce((sum, { entryCount }) => sum + entryCount, 0)
      assert.equal(left, 1, 'all tombstones are gone')
    })
  },
}

/** Range deletes of 10 KiB, each nested in the one before, so every bound cuts all others. */
export const nestedRangeDeletes: Limit = {
  size: { small: 2000, full: 20_000 },
  maxMiB: (size) => baseMiB + 2 * budgetMiB + size / 100,
  async run(directory, size) {
    await withDatabase(directory, smallBudgets, async (db) => {
      for (let i = 0; i < 2 * size; i += 10) db.putSync(keyOf(i), keyOf(i))
      await db.flush()
      for (let i = 0; i < size; i++) void db.clear({ gte: keyOf(i), lt: keyOf(2 * size - i) })
      await db.put(keyOf(size), Buffer.from('newer'))
      await requireCount(db, 1)
      await db.flush()
      await requireCount(db, 1)
    })
    await withDatabase(directory, smallBudgets, async (db) => {
      await requireCount(db, 1)
      await db.compact()
      await requireCount(db, 1)
    })
  },
}
