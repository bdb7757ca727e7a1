import assert from 'node:assert/strict'
import { Prng } from '../../../base/prng.js'
import { baseMiB, budgetMiB, type Limit, MiB, smallBudgets, withDatabase } from './limit.js'

const GiB = 1024 * MiB
const longestKeyBytes = 64 * 1024

/** Values as large as the memory limit, written, flushed, compacted and read before and after. */
export const hugeValues: Limit = {
  size: { small: 16 * MiB, full: GiB },
  // Holds the value, the commit buffer, the log record, the arena, the table being built, and
  // results that the garbage collector has not freed yet.
  maxMiB: (size) => baseMiB + budgetMiB + (8 * size) / MiB,
  async run(directory, size) {
    const [key, value] = [Buffer.from('huge'), Buffer.alloc(size, 'abcdefg')]
    await withDatabase(directory, {}, async (db) => {
      await db.put(key, value)
      requireSame(db.getSync(key), value)
      await db.flush()
      await db.put(key, value)
      await db.flush()
      await db.compact()
      requireSame(await db.get(key), value)
      if (size < GiB) return
      const tooLong = Buffer.allocUnsafe(GiB + 1)
      await assert.rejects(db.put(key, tooLong), { code: 'INVALID_ARGUMENT' })
    })
    await withDatabase(directory, {}, async (db) => {
      for await (const [, found] of db.entries()) requireSame(found, value)
    })
  },
}

function requireSame(found: Uint8Array | undefined, expected: Buffer): void {
  assert.ok(found !== undefined && expected.equals(found), 'another value')
}

export const longKeys: Limit = {
  size: { small: 200, full: 20_000 },
  // While a table is open, its index holds every key in full.
  maxMiB: () => baseMiB + budgetMiB + 160,
  async run(directory, size) {
    const random = new Prng(1)
    const keyOf = (i: number): Buffer => {
      const key = Buffer.alloc(longestKeyBytes, 'k')
      key.writeUInt32BE(i, longestKeyBytes - 4)
      return key
    }
    await withDatabase(directory, smallBudgets, async (db) => {
      for (let i = 0; i < size; i++) await db.put(keyOf(i), Buffer.of(i & 255))
      await db.flush()
      await db.compact()
      let count = 0
      for (const [key] of db.entries()) assert.ok(keyOf(count++).equals(key), 'keys in order')
      assert.equal(count, size)
      for (let n = 0; n < 100; n++) {
        const i = random.below(size)
        assert.deepEqual(Buffer.from(db.getSync(keyOf(i))!), Buffer.of(i & 255))
      }
      const tooLong = Buffer.alloc(longestKeyBytes + 1)
      await assert.rejects(db.put(tooLong, Buffer.of()), { code: 'INVALID_ARGUMENT' })
      await assert.rejects(db.put(Buffer.of(), Buffer.of()), { code: 'INVALID_ARGUMENT' })
    })
  },
}
