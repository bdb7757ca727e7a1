import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { Queue } from './queue.js'

const day = 86_400_000

test('a crash loses no job, and leaves none that is half there', async () => {
  const finished = new Set<string>()
  let nowMs = 0
  const options = { visibilityMs: 1000, maxAttempts: 2, now: () => nowMs }
  const crashes = await crashNowAndThen(
    async (db) => {
      const queue = new Queue<number>(db, options)
      for (let i = 1; i <= 60; i++, nowMs += 300) {
        queue.add(i, i % 4 === 0 ? 2000 : 0)
        if (i % 20 === 0) await db.flush()
        const claim = queue.claim()
        if (claim === undefined || i % 7 === 0) continue // a worker that dies
        if (i % 5 === 0) queue.postpone(claim, 100)
        else if (queue.done(claim)) finished.add(claim.id)
      }
    },
    (db, where) => {
      const ids = (prefix: string): string[] =>
        [...db.keys({ prefix })].map((key) => key.slice(-16)).sort()
      const bodies = ids('body/')
      assert.deepEqual([...ids('due/'), ...ids('dead/')].sort(), bodies, where)
      const lastId = (db.getSync('last-id') ?? 0) as number
      const present = new Set(bodies)
      for (let i = 1; i <= lastId; i++) {
        const id = String(i).padStart(16, '0')
        assert.ok(present.has(id) || finished.has(id), `job ${i} is lost, ${where}`)
      }
      const queue = new Queue<number>(db, { ...options, now: () => day })
      for (let claim = queue.claim(); claim !== undefined; claim = queue.claim()) {
        assert.equal(claim.body, Number(claim.id))
        assert.ok(queue.done(claim))
      }
      assert.equal(ids('due/').length, 0)
      assert.deepEqual(ids('body/'), ids('dead/'))
    },
  )
  assert.ok(finished.size > 30 && crashes > 50, `${finished.size} jobs, ${crashes} crashes`)
})

test('a clock that goes back hides no job', async () => {
  let nowMs = day
  await crashNowAndThen(
    (db) => {
      const queue = new Queue<string>(db, { visibilityMs: 10, maxAttempts: 3, now: () => nowMs })
      queue.add('a')
      assert.ok(queue.done(queue.claim()!))
      nowMs = 0
      queue.add('b')
      assert.equal(queue.claim()?.body, 'b')
    },
    () => {},
  )
})
