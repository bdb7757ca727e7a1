import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import type { OpenOptions } from '../../../db/api.js'
import { drawnSeed } from '../../../base/testing/seed.js'

/** No block is cached, so every read waits. */
function cold(): OpenOptions<'utf8', 'utf8'> {
  const fileSystem = new MemoryFileSystem()
  return { fileSystem, background: 'inline', cacheBytes: 0, blockBytes: 256, coldReads: 'async' }
}

const warm = (): OpenOptions<'utf8', 'utf8'> => ({ ...cold(), coldReads: 'sync' })

const keyOf = (i: number): string => String(i).padStart(4, '0')

for (const [name, options] of [
  ['memory', warm],
  ['blocks that must be loaded', cold],
] as const) {
  test(`reads and seeks agree with an array, with ${name}`, async () => {
    const seed = drawnSeed()
    const prng = new Prng(seed)
    await using db = await open('/db', options())
    const keys: string[] = []
    for (let i = 0; i < 600; i++) {
      await db.put(keyOf(i), 'v'.repeat(20))
      if (i % 250 === 249) await db.flush()
    }
    for (let i = 0; i < 600; i++) {
      if (i % 7 === 0 || (i > 300 && i < 350)) await db.del(keyOf(i))
      else keys.push(keyOf(i))
    }
    for (let round = 0; round < 40; round++) {
      const reverse = prng.below(2) === 0
      const [low, high] = [keyOf(prng.below(300)), keyOf(300 + prng.below(320))]
      const inRange = keys.filter((key) => key >= low && key < high)
      if (reverse) inRange.reverse()
      using cursor = db.cursor({ gte: low, lt: high, reverse, projection: 'keys' })
      let at = 0
      for (let step = 0; step < 20; step++) {
        const message = `seed ${seed}, round ${round}, step ${step}`
        if (prng.below(3) === 0) {
          const target = keyOf(prng.below(620))
          cursor.seek(target)
          const found = inRange.findIndex((key) => (reverse ? key <= target : key >= target))
          at = found === -1 || target < low || target >= high ? inRange.length : found
        }
        const count = prng.below(80)
        const expected = inRange.slice(at, at + count)
        at += expected.length
        assert.deepEqual(await cursor.read(count), expected, message)
      }
    }
  })
}

test('a cursor returns entries, keys or values, and stops after its byte limit', async () => {
  await using db = await open('/db', warm())
  for (const key of ['a', 'b', 'c']) await db.put(key, key.toUpperCase().repeat(10))
  using entries = db.cursor()
  assert.deepEqual(await entries.read(1), [['a', 'AAAAAAAAAA']])
  assert.deepEqual(await entries.read(9, 0), [['b', 'BBBBBBBBBB']])
  assert.deepEqual(await entries.read(9, 11), [['c', 'CCCCCCCCCC']])
  assert.deepEqual(await entries.read(9), [])
  using values = db.cursor({ projection: 'values', reverse: true })
  assert.deepEqual(await values.read(2), ['CCCCCCCCCC', 'BBBBBBBBBB'])
  assert.throws(() => db.cursor({ projection: 'all' as never }), { option: 'projection' })
  assert.throws(() => db.cursor({ limit: 1 } as never), { option: 'limit' })
})

test('a cursor keeps its state of the database wherever it seeks', async () => {
  await using db = await open('/db', warm())
  await db.put('b', 'old')
  using cursor = db.cursor()
  using snapshot = db.snapshot()
  await db.put('a', 'new')
  await db.put('b', 'new')
  await db.flush()
  await db.compact()
  assert.deepEqual(await cursor.read(9), [['b', 'old']])
  cursor.seek('a')
  assert.deepEqual(await cursor.read(9), [['b', 'old']])
  using past = db.cursor({ snapshot })
  assert.deepEqual(await past.read(9), [['b', 'old']])
  using present = db.cursor()
  assert.equal((await present.read(9)).length, 2)
})

test('concurrent reads and reads after close are refused', async () => {
  const db = await open('/db', cold())
  for (let i = 0; i < 50; i++) await db.put(keyOf(i), 'v'.repeat(100))
  await db.flush()
  const cursor = db.cursor()
  const first = cursor.read(50)
  await assert.rejects(cursor.read(1), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => cursor.seek('0'), { code: 'INVALID_ARGUMENT' })
  assert.equal((await first).length, 50)
  const second = cursor.read(50)
  cursor.close()
  cursor.close()
  assert.deepEqual(await second, [])
  await assert.rejects(cursor.read(1), { code: 'CLOSED' })
  assert.throws(() => cursor.seek('0'), { code: 'CLOSED' })
  const interrupted = db.cursor()
  const reading = interrupted.read(50)
  interrupted.close()
  await assert.rejects(reading, { code: 'CLOSED' })
  assert.equal(db.stats().iterators, 0)
  const cut = db.cursor()
  const last = cut.read(50)
  await Promise.all([db.close(), assert.rejects(last, { code: 'CLOSED' })])
  await assert.rejects(cut.read(1), { code: 'CLOSED' })
})

test('a read of many entries lets other work run', async () => {
  const clock = new VirtualClock()
  await using db = await open('/db', { ...warm(), clock })
  for (let i = 0; i < 3000; i++) db.putSync(keyOf(i), 'v')
  let turns = 0
  clock.nextTurn = (callback) => {
    turns++
    setImmediate(callback)
  }
  let nowMs = 0
  clock.monotonicMs = () => (nowMs += 10)
  using cursor = db.cursor({ projection: 'keys' })
  assert.equal((await cursor.read(Infinity)).length, 3000)
  assert.ok(turns >= 2, `${turns} turns`)
})

test('a cursor refuses an invalid bound, since an empty list would look like the end', async () => {
  await using db = await open('/db', warm())
  await db.put('k', 'v')
  using cursor = db.cursor()
  for (const count of [-1, NaN, 1.5, -Infinity, '1', null, undefined]) {
    await assert.rejects(cursor.read(count as never), { code: 'INVALID_ARGUMENT', option: 'count' })
  }
  for (const maxBytes of [-1, NaN, '1', null]) {
    await assert.rejects(cursor.read(1, maxBytes as never), { option: 'maxBytes' })
  }
  assert.deepEqual(await cursor.read(0), [])
  assert.deepEqual(await cursor.read(Infinity), [['k', 'v']])
})
