import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { Bank } from './bank.js'

const accounts = 8
const perAccount = 100

test('after a crash the money is all there, and every email has its account', async () => {
  const crashes = await crashNowAndThen(
    async (db) => {
      const bank = new Bank(db)
      for (let i = 0; i < accounts; i++) await bank.open(`a${i}`, `e${i}`, perAccount)
      for (let round = 0; round < 10; round++) {
        const transfers = Array.from({ length: accounts }, (_, i) =>
          bank.transfer(`a${i}`, `a${(i + 1 + round) % accounts}`, 30),
        )
        await Promise.allSettled(transfers)
        if (round % 3 === 0) await db.flush()
      }
    },
    async (db, where) => {
      let opened = 0
      for (const name of db.values({ prefix: 'email/' })) {
        assert.notEqual(db.getSync(`account/${String(name)}`), undefined, where)
        opened++
      }
      assert.equal(await new Bank(db).total(), opened * perAccount, where)
    },
  )
  assert.ok(crashes > 30, `${crashes} crashes`)
})
