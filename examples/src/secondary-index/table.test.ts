import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { Table } from './table.js'

interface Thing {
  color?: string
  size: number
}

const indexes = {
  color: { of: (thing: Thing) => thing.color },
  size: { of: (thing: Thing) => String(thing.size), unique: true },
}

test('after a crash every record has its index entries, and every entry its record', async () => {
  const crashes = await crashNowAndThen(
    async (db) => {
      const things = new Table(db, indexes)
      for (let i = 0; i < 100; i++) {
        const color = ['red', 'green', undefined][i % 3]
        things.put(`t${i % 17}`, color === undefined ? { size: i } : { color, size: i })
        if (i % 6 === 0) things.delete(`t${i % 4}`)
        if (i % 30 === 0) await db.flush()
      }
    },
    (db, where) => assert.deepEqual([...new Table(db, indexes).check()], [], where),
  )
  assert.ok(crashes > 50, `${crashes} crashes`)
})

test('a rebuild that a crash cut short is detected, and can be repeated', async () => {
  let told = 0
  await crashNowAndThen(
    async (db) => {
      const things = new Table(db, indexes)
      for (let i = 0; i < 20; i++) things.put(`t${i}`, { color: 'red', size: i })
      const rebuilding = things.rebuild('color')
      things.put('t3', { color: 'blue', size: 3 })
      things.delete('t4')
      await rebuilding
      assert.deepEqual([...things.check()], [])
    },
    (db, where) => {
      const problems = [...new Table(db, indexes).check()]
      if (problems.length === 0) return
      assert.equal(problems[0], 'rebuild/color has not ended', where)
      told++
    },
  )
  assert.ok(told > 5, `${told} were detected`)
})
