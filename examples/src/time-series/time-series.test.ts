import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from 'varve'
import { crashNowAndThen } from '../testing/crash-images.js'
import { TimeSeries } from './time-series.js'

const minuteMs = 60_000

test('after a crash each point is counted once, rolled up or not', async () => {
  const names = ['a', 'b']
  const crashes = await crashNowAndThen(
    async (db) => {
      const series = new TimeSeries(db as Database<string, number[]>)
      for (let minute = 0; minute < 300; minute += 5) {
        const timeMs = minute * minuteMs
        await series.record(names.map((name) => ({ series: name, timeMs, value: 1 })))
        const lateMs = Math.max(0, timeMs - 100 * minuteMs + 1)
        await series.record(names.map((name) => ({ series: name, timeMs: lateMs, value: 1 })))
        if (minute % 100 === 0) await db.flush()
        if (minute % 75 === 0) await series.rollUp(timeMs)
      }
    },
    (db, where) => {
      // Points of one moment came in one batch, so both series have as many.
      const [a, b] = names.map((name) => totalOf(db, name))
      assert.equal(a.count, a.sum, where)
      assert.deepEqual(a, b, where)
    },
  )
  assert.ok(crashes > 50, `${crashes} crashes`)
})

/** Rolled up while a roll-up is cut short: one series may be further than the other. */
function totalOf(db: Database<string, unknown>, name: string): { count: number; sum: number } {
  const total = { count: 0, sum: 0 }
  for (const value of db.values({ prefix: `raw/${name}/` })) {
    total.count++
    total.sum += (value as number[])[0]
  }
  for (const value of db.values({ prefix: `hour/${name}/` })) {
    total.count += (value as number[])[0]
    total.sum += (value as number[])[1]
  }
  return total
}
