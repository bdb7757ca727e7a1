import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { VarveLevel } from './index.js'
import { temporaryFolder } from './testing/temporary.js'

function location(t: TestContext): string {
  return join(temporaryFolder(t), 'db')
}

test('a new database opens while another closes the directory', async (t) => {
  const path = location(t)
  for (let i = 0; i < 20; i++) {
    const first = new VarveLevel(path)
    await first.put('k', String(i))
    const closing = first.close()
    const second = new VarveLevel(path)
    assert.equal(await second.get('k'), String(i))
    await closing
    await second.close()
  }
})

test('open waits for a close that waits for a read', async (t) => {
  const first = new VarveLevel(location(t))
  await first.batch(
    Array.from({ length: 5000 }, (_, i) => ({ type: 'put', key: String(i), value: 'v' })),
  )
  const reading = first.iterator().all()
  const closing = first.close()
  const second = new VarveLevel(first.location)
  assert.equal(await second.get('0'), 'v')
  assert.equal((await reading).length, 5000)
  await closing
  await second.close()
})

test('open waits for a close that waits for its own open', async (t) => {
  const first = new VarveLevel(location(t))
  const writing = first.put('k', 'v')
  const closing = first.close()
  const second = new VarveLevel(first.location)
  await assert.rejects(writing, { code: 'LEVEL_DATABASE_NOT_OPEN' })
  assert.equal(await second.get('k'), undefined)
  await closing
  await second.close()
})

test('databases that cannot open do not wait for each other', async (t) => {
  const owner = new VarveLevel(location(t))
  await owner.open()
  const others = [new VarveLevel(owner.location), new VarveLevel(owner.location)]
  const opens = others.map((db) => db.open())
  const closes = others.map((db) => db.close())
  for (const opened of await Promise.allSettled(opens)) assert.equal(opened.status, 'rejected')
  await Promise.all(closes)
  await owner.close()
})

test('destroy waits for a close, as the event destroyed of PouchDB needs it', async (t) => {
  const db = new VarveLevel(location(t))
  await db.put('k', 'v')
  const iterator = db.iterator()
  await iterator.next()
  let isDestroyed = false
  // As PouchDB's adapter for LevelDB: it does not await the close.
  void db.close()
  await VarveLevel.destroy(db.location).then(() => (isDestroyed = true))
  assert.ok(isDestroyed && !existsSync(db.location))
  await db.open()
  assert.equal(await db.get('k'), undefined)
  void db.close()
  await VarveLevel.repair(db.location)
})

test('the directory exists in the turn after the constructor', async (t) => {
  const db = new VarveLevel(location(t))
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(existsSync(db.location))
  await db.close()
})
