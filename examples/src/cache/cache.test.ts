import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from 'varve'
import { crashNowAndThen } from '../testing/crash-images.js'
import { Cache } from './cache.js'

test('a crash leaves of each key what was set last, or before', async () => {
  const crashes = await crashNowAndThen(
    async (db) => {
      const cache = new Cache<unknown>(db)
      for (let i = 0; i < 120; i++) {
        cache.set(`k/${i % 23}`, { i }, 3_600_000)
        if (i % 9 === 0) cache.delete(`k/${i % 5}`)
        if (i % 40 === 0) await db.flush()
      }
    },
    (db, where) => {
      for (const [key, value] of new Map(db.entries() as Iterable<[string, { i: number }]>)) {
        assert.equal(key, `k/${value.i % 23}`, where)
      }
    },
  )
  assert.ok(crashes > 50, `${crashes} crashes`)
})

test('one load for all who ask, and another one when it has expired', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  let loads = 0
  const load = (): Promise<number> => Promise.resolve(++loads)
  await crashNowAndThen(
    async (db) => {
      loads = 0
      const cache = new Cache(db as Database<string, number>)
      const ask = (): Promise<number> => cache.getOrLoad('k', 1000, load)
      assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1])
      t.mock.timers.tick(999)
      assert.equal(await ask(), 1)
      t.mock.timers.tick(1)
      assert.equal(await ask(), 2)
    },
    () => {},
  )
})
