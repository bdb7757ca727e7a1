import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import type { IterateOptions } from '../../../db/api.js'
import type { Database } from '../../../db/database.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import { seeds } from '../../../base/testing/seed.js'

const seedCount = 6
const keyCount = 1500
const keyOf = (i: number): string => String(i).padStart(5, '0')

/** Counts the steps of all memtable iterators during `body`. */
async function stepsOf(body: () => void): Promise<number> {
  const { MemTableIterator } = await import('../../../memtable/memtable-iterator.js')
  const { prototype } = MemTableIterator
  const original = Object.getOwnPropertyDescriptors(prototype)
  let steps = 0
  for (const name of ['next', 'prev'] as const) {
    const step = original[name].value as () => void
    prototype[name] = function () {
      steps++
      step.call(this)
    }
  }
  try {
    body()
  } finally {
    Object.defineProperties(prototype, original)
  }
  return steps
}

async function newQueue(jobs: number): Promise<Database<string, string>> {
  const fileSystem = new MemoryFileSystem()
  const db = await open('/db', { background: 'inline', fileSystem })
  for (let i = 0; i < jobs; i++) db.putSync(keyOf(i), 'job')
  return db
}

for (const reverse of [false, true]) {
  test(`jobs taken from the ${reverse ? 'end' : 'start'} do not slow the next one`, async () => {
    const jobs = 5000
    await using db = await newQueue(jobs)
    const steps = await stepsOf(() => {
      for (let i = 0; i < jobs; i++) {
        const [key] = db.keys({ limit: 1, reverse })
        assert.equal(key, keyOf(reverse ? jobs - 1 - i : i))
        db.delSync(key)
      }
      assert.deepEqual([...db.keys({ reverse })], [])
    })
    assert.ok(steps < 200 * jobs, `${steps} steps`)
  })
}

test('jobs added while others are taken are found', async () => {
  await using db = await newQueue(3000)
  for (let i = 0; i < 2990; i++) db.delSync(keyOf(i))
  assert.deepEqual([...db.keys({ limit: 1 })], [keyOf(2990)])
  const before = db.snapshot()
  for (const i of [1000, 5, 2989, 2999, 0]) {
    db.putSync(keyOf(i), 'again')
    assert.equal([...db.keys({ limit: 1 })][0], keyOf(i === 1000 ? i : Math.min(i, 5)))
    assert.deepEqual([...before.keys({ limit: 1 })], [keyOf(2990)])
    if (i !== 5) db.delSync(keyOf(i))
  }
  before.close()
})

/** The expected entries: values and their times of expiry. */
type Model = Map<string, { value: string; expiresAtMs: number }>

function expectedIn(
  model: Model,
  nowMs: number,
  { gte = '', lt, reverse, limit }: IterateOptions<string>,
) {
  const keys = [...model]
    .filter(([key, { expiresAtMs }]) => expiresAtMs > nowMs && key >= gte)
    .map(([key]) => key)
    .filter((key) => lt === undefined || key < lt)
    .sort()
  if (reverse === true) keys.reverse()
  return keys.slice(0, limit)
}

function randomRange(random: Prng): IterateOptions<string> {
  const gte = random.chance(0.5) ? '' : keyOf(random.below(keyCount))
  return {
    gte,
    ...(random.chance(0.5) && { lt: keyOf(random.below(keyCount)) }),
    reverse: random.chance(0.5),
    limit: random.pick([1, 1, 3, 1000]),
  }
}

test('iterators find the entries between long runs of deletes', async () => {
  for (const seed of seeds(seedCount)) {
    const random = new Prng(seed)
    const clock = new VirtualClock()
    const fileSystem = new MemoryFileSystem()
    const memtableBytes = random.pick([256 * 1024, 16 * 1024 * 1024])
    await using db = await open('/db', {
      background: 'inline',
      fileSystem,
      clock,
      memtableBytes,
      cacheBytes: 1024 * 1024,
    })
    const model: Model = new Map()
    let past: { model: Model; snapshot: ReturnType<typeof db.snapshot> } | undefined
    for (let step = 0; step < 50; step++) {
      const from = random.below(keyCount)
      const to = Math.min(keyCount, from + random.pick([1, 1, 5, 500]))
      const action = random.below(8)
      const ttlMs = random.chance(0.3) ? random.between(1, 50) : undefined
      const expiresAtMs = ttlMs === undefined ? Infinity : clock.wallMs() + ttlMs
      if (action < 3) {
        for (let i = from; i < to; i++) {
          const value = `${step}`
          db.putSync(keyOf(i), value, ttlMs === undefined ? {} : { ttlMs })
          model.set(keyOf(i), { value, expiresAtMs })
        }
      } else if (action < 6) {
        for (let i = from; i < to; i++) {
          db.delSync(keyOf(i))
          model.delete(keyOf(i))
        }
      } else if (action === 6) {
        await db.clear({ gte: keyOf(from), lt: keyOf(to) })
        for (let i = from; i < to; i++) model.delete(keyOf(i))
      } else {
        if (random.chance(0.3)) await db.flush()
        clock.advance(random.below(20))
        past?.snapshot.close()
        past = { model: new Map(model), snapshot: db.snapshot() }
      }
      for (let look = 0; look < 4; look++) {
        const range = randomRange(random)
        const context = `seed ${seed}, step ${step}, ${JSON.stringify(range)}`
        assert.deepEqual([...db.keys(range)], expectedIn(model, clock.wallMs(), range), context)
        const waited: string[] = []
        for await (const key of db.keys(range)) waited.push(key)
        assert.deepEqual(waited, expectedIn(model, clock.wallMs(), range), context)
        if (past === undefined) continue
        const seen = [...past.snapshot.keys(range)]
        assert.deepEqual(seen, expectedIn(past.model, clock.wallMs(), range), context)
      }
    }
    past?.snapshot.close()
  }
})
