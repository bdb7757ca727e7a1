import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crashNowAndThen } from '../testing/crash-images.js'
import { Accounts } from './accounts.js'

test('after a crash every email has its user, and every user the email', async () => {
  const crashes = await crashNowAndThen(
    async (db) => {
      const accounts = await Accounts.open(db)
      for (let i = 0; i < 30; i++) {
        await accounts.create(`u${i}`, { name: `User ${i}`, email: `e${i % 20}` }).catch(() => {})
        const changes = [0, 1, 2].map((j) => accounts.changeEmail(`u${(i + j) % 20}`, `x${i}`))
        await Promise.allSettled(changes)
        if (i % 10 === 0) await db.flush()
      }
      assert.equal([...accounts.users.keys()].length >= 20, true)
    },
    async (db, where) => {
      const { users, emails } = await Accounts.open(db)
      const byUser = [...users.entries()].map(([id, { email }]) => [email, id])
      const byEmail = [...emails.entries()]
      assert.deepEqual(byUser.sort(), byEmail.sort(), where)
    },
  )
  assert.ok(crashes > 30, `${crashes} crashes`)
})
