import { open } from 'varve'

const key = (i) => String(i % 10_000).padStart(16, '0')
const value = 'v'.repeat(100)

export async function openSingles(path) {
  const db = await open(path)
  for (let i = 0; i < 10_000; i++) db.putSync(key(i), value)
  return db
}

/** One write, alone or in a transaction after a read of the same key; each waits for the last. */
export const singleKinds = {
  async put(db, count) {
    for (let i = 0; i < count; i++) await db.put(key(i), value)
  },
  async transaction(db, count) {
    for (let i = 0; i < count; i++) {
      await db.transaction(async (tx) => {
        await tx.get(key(i))
        await tx.put(key(i), value)
      })
    }
  },
  putSync(db, count) {
    for (let i = 0; i < count; i++) db.putSync(key(i), value)
  },
  transactionSync(db, count) {
    for (let i = 0; i < count; i++) {
      db.transactionSync((tx) => {
        tx.getSync(key(i))
        tx.putSync(key(i), value)
      })
    }
  },
}
