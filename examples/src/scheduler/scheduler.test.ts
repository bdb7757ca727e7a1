import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { type Job, Scheduler, type Task } from './scheduler.js'

test('after a crash a run has its effect and its successor, or neither', async () => {
  let nowMs = 0
  let runs = 0
  const report: Task = (_job, slotMs) => {
    if (++runs % 3 === 0) throw new Error('now and then it fails')
    return [{ type: 'put', key: `report/${slotMs}`, value: slotMs }]
  }
  const options = { now: () => nowMs, onFailure: () => {} }
  const crashes = await crashNowAndThen(
    async (db) => {
      const scheduler = new Scheduler(db, { report }, options)
      scheduler.schedule({ id: 'j', task: 'report', dueMs: 0, everyMs: 10_000 })
      for (let i = 0; i < 10; i++) scheduler.schedule({ id: `o${i}`, task: 'report', dueMs: 1 })
      for (let i = 0; i < 10; i += 2) scheduler.cancel(`o${i}`)
      for (; nowMs <= 400_000; nowMs += 1000) {
        await scheduler.runDue()
        if (nowMs % 100_000 === 0) await db.flush()
      }
    },
    (db, where) => {
      const jobs = [...db.values({ prefix: 'job/' })] as Job[]
      const due = jobs.map(({ id, dueMs }) => `due/${String(dueMs).padStart(16, '0')}/${id}`)
      assert.deepEqual([...db.keys({ prefix: 'due/' })], due.sort(), where)
      const repeated = db.getSync('job/j') as { slotMs: number } | undefined
      if (repeated === undefined) return
      const slots = [...db.values({ prefix: 'report/' })] as number[]
      const expected = Array.from({ length: repeated.slotMs / 10_000 }, (_, i) => i * 10_000)
      assert.deepEqual(
        slots.filter((slotMs) => slotMs !== 1).sort((a, b) => a - b),
        expected,
        where,
      )
    },
  )
  assert.ok(crashes > 50, `${crashes} crashes`)
})

test('a task may replace or cancel its own job', async () => {
  let nowMs = 0
  await crashNowAndThen(
    async (db) => {
      const ran: string[] = []
      const again: Task = ({ id }) => {
        ran.push(id)
        if (id === 'a') scheduler.schedule({ id, task: 'once', dueMs: 5 })
        else scheduler.cancel(id)
      }
      const once: Task = ({ id }, slotMs) => void ran.push(`${id} at ${slotMs}`)
      const options = { now: () => nowMs, onFailure: () => {} }
      const scheduler = new Scheduler(db, { again, once }, options)
      scheduler.schedule({ id: 'a', task: 'again', dueMs: 0, everyMs: 1 })
      scheduler.schedule({ id: 'b', task: 'again', dueMs: 0, everyMs: 1 })
      for (; nowMs < 10; nowMs++) await scheduler.runDue()
      assert.deepEqual(ran, ['a', 'b', 'a at 5'])
      assert.deepEqual([...db.keys()], [])
    },
    () => {},
  )
})
