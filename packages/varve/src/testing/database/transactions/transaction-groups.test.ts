import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { type Database, open } from '../../../index.js'

type Numbers = Database<string, number>

async function openSynced(): Promise<Numbers> {
  const options = { fileSystem: new MemoryFileSystem(), durability: 'sync' } as const
  const db = await open('/db', { ...options, background: 'inline', valueEncoding: 'json' })
  return db as unknown as Numbers
}

/** A transaction that puts `key`. With `read`, it conflicts with writes to that key. */
function writer(db: Numbers, key: string, read?: string): ReturnType<Numbers['begin']> {
  const tx = db.begin()
  if (read !== undefined) tx.getSync(read)
  tx.putSync(key, 1)
  return tx
}

/** Lets the running code end, so that groups close. A sync in the background takes longer. */
async function closeGroups(): Promise<void> {
  await Promise.resolve()
  await Promise.resolve()
}

// A blocking call ends a sync in the background early. Writes that waited for that sync must still
// be committed, although the database is idle afterwards.
const blockingCalls: Record<string, (db: Numbers) => void> = {
  putSync: (db) => db.putSync('blocking', 1),
  commitSync: (db) => writer(db, 'blocking').commitSync(),
  transactionSync: (db) => db.transactionSync((tx) => tx.putSync('blocking', 1)),
}

for (const [name, call] of Object.entries(blockingCalls)) {
  test(`a commit that waits for a sync is not forgotten after ${name}`, async () => {
    await using db = await openSynced()
    const syncing = db.put('first', 1)
    await closeGroups()
    const waiting = writer(db, 'waiting').commit()
    await closeGroups()
    call(db)
    await Promise.all([syncing, waiting])
    assert.deepEqual([...db.keys()], ['blocking', 'first', 'waiting'])
  })
}

test('writes that wait for a sync are committed after a refused commitSync', async () => {
  await using db = await openSynced()
  const refused = writer(db, 'refused', 'put')
  const syncing = db.put('first', 1)
  await closeGroups()
  const put = db.put('put', 1)
  const waiting = writer(db, 'waiting').commit()
  await closeGroups()
  assert.throws(() => refused.commitSync(), { code: 'CONFLICT', key: 'put' })
  await Promise.all([syncing, put, waiting])
  assert.deepEqual([...db.keys()], ['first', 'put', 'waiting'])
})
