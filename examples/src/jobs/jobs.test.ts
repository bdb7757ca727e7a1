import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { Jobs } from './jobs.js'

const day = 86_400_000

test('several workers, crashes: every job is there once, or its effect is', async () => {
  let nowMs = 0
  const options = { leaseMs: 1000, maxAttempts: 3, now: () => nowMs }
  const crashes = await crashNowAndThen(
    async (db) => {
      const jobs = await Jobs.open<number>(db, options)
      const worker = async (number: number): Promise<void> => {
        for (let i = 0; i < 8; i++) {
          const job = await jobs.claim()
          if (job === undefined || (i + number) % 4 === 0) continue // it dies
          if ((i + number) % 5 === 0) await jobs.retry(job, 100)
          else await jobs.done(job, (tx) => tx.put(`done/${job.id}`, job.body))
        }
      }
      for (let round = 0; round < 4; round++, nowMs += 1000) {
        for (let i = 0; i < 6; i++) await jobs.add(`job ${round * 6 + i}`, round * 6 + i)
        await Promise.all([worker(0), worker(1), worker(2)])
        await db.flush()
      }
    },
    async (db, where) => {
      const { body, due, dead } = await Jobs.open<number>(db, options)
      const waiting = [...due.keys()].map((key) => key.slice(17))
      const present = [...body.keys()]
      assert.deepEqual([...waiting, ...dead.keys()].sort(), present, where)
      const done = [...db.keys({ prefix: 'done/' })].map((key) => key.slice(5))
      const all = [...present, ...done].map((id) => Number(id.slice(4))).sort((a, b) => a - b)
      // Each of the jobs that were added is there once, or done once.
      assert.deepEqual(
        all,
        all.map((_, i) => i),
        where,
      )
    },
  )
  assert.ok(crashes > 50, `${crashes} crashes`)
})

test('a late worker writes nothing, a dead job can be revived', async () => {
  let nowMs = 0
  await crashNowAndThen(
    async (db) => {
      const options = { leaseMs: 1000, maxAttempts: 2, now: () => nowMs }
      const jobs = await Jobs.open<string>(db, options)
      assert.deepEqual([await jobs.add('a', 'x'), await jobs.add('a', 'y')], [true, false])
      const late = (await jobs.claim())!
      assert.equal(await jobs.claim(), undefined)
      nowMs = 1000
      const second = (await jobs.claim())!
      assert.deepEqual([second.body, second.attempt], ['x', 2])
      assert.equal(await jobs.done(late, (tx) => tx.put('effect', 1)), false)
      assert.equal(await db.has('effect'), false)
      nowMs = day
      assert.equal(await jobs.claim(), undefined)
      assert.deepEqual([...jobs.dead.entries()], [['a', 2]])
      assert.deepEqual([await jobs.revive('a'), await jobs.revive('b')], [true, false])
      assert.equal((await jobs.claim())?.attempt, 1)
    },
    () => {},
  )
})
