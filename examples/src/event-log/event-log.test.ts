import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { EventLog, type Handler } from './event-log.js'

test('after a crash each event has had its effect once, and the log has no gap', async () => {
  const crashes = await crashNowAndThen(
    async (db) => {
      const log = new EventLog<number>(db)
      const add: Handler<number> = (events) => {
        const sum = (db.getSync('sum') ?? 0) as number
        return [
          {
            type: 'put',
            key: 'sum',
            value: events.reduce((total, { event }) => total + event, sum),
          },
        ]
      }
      for (let i = 0; i < 80; i++) {
        log.append(...Array.from({ length: i % 4 }, () => 1))
        if (i % 3 === 0) log.consume('add', add, 5)
        if (i % 10 === 0) log.consume('slow', () => [], 7)
        if (i % 20 === 0) await log.trim(10)
        if (i % 30 === 0) await db.flush()
      }
    },
    (db, where) => {
      const log = new EventLog<number>(db)
      const position = log.position('add')
      assert.equal(db.getSync('sum') ?? 0, position, where)
      const offsets = [...log.read()].map(({ offset }) => offset)
      const end = (db.getSync('end') ?? 0) as number
      const first = end - offsets.length
      assert.deepEqual(
        offsets,
        Array.from(offsets, (_, i) => first + i),
        where,
      )
      assert.ok(first <= Math.min(position, log.position('slow')), where)
    },
  )
  assert.ok(crashes > 50, `${crashes} crashes`)
})
