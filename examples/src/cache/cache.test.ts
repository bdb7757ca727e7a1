import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { Cache } from './cache.js'

test('after a crash the items, the times and the count are of one moment', async () => {
  let nowMs = 0
  const options = { maxItems: 15, now: () => nowMs }
  const crashes = await crashNowAndThen(
    async (db) => {
      const cache = new Cache<number>(db, options)
      for (let i = 0; i < 120; i++, nowMs += 10) {
        cache.set(`k/${i % 23}`, i, (i * 37) % 400)
        if (i % 9 === 0) cache.delete(`k/${i % 5}`)
        if (i % 25 === 0) await cache.sweep()
        if (i % 40 === 0) await db.flush()
      }
    },
    (db, where) => {
      const items = [...db.entries({ prefix: 'item/' })] as [string, { untilMs: number }][]
      const expected = items.map(([key, { untilMs }]) => {
        return `until/${String(untilMs).padStart(16, '0')}/${key.slice('item/'.length)}`
      })
      assert.deepEqual([...db.keys({ prefix: 'until/' })], expected.sort(), where)
      assert.equal(new Cache(db, options).size, items.length, where)
      assert.ok(items.length <= 16, where)
    },
  )
  assert.ok(crashes > 50, `${crashes} crashes`)
})
