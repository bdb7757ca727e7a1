import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open, type OpenOptions } from '../../../index.js'

function openTexts(options: OpenOptions = {}) {
  return open('/db', { fileSystem: new MemoryFileSystem(), background: 'inline', ...options })
}

test('an indexed batch is read over the newest state, and committed whole', async () => {
  await using db = await openTexts()
  const other = await db.keyspace('other')
  await db.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: 'old' })))
  using batch = db.indexedBatch()
  await batch.put('b', 'new')
  await batch.del('c')
  await batch.keyspace(other).put('x', 'there')
  await db.put('a', 'newest')
  assert.deepEqual(await batch.getMany(['a', 'b', 'c']), ['newest', 'new', undefined])
  assert.deepEqual([await batch.has('c'), batch.hasSync('b')], [false, true])
  assert.deepEqual([...batch.keys({ reverse: true })], ['b', 'a'])
  using cursor = batch.cursor({ projection: 'values' })
  assert.deepEqual(await cursor.read(9), ['newest', 'new'])
  assert.equal(batch.keyspace(other).getSync('x'), 'there')
  assert.equal(await other.get('x'), undefined)
  await batch.commit()
  assert.deepEqual([...db.keys()], ['a', 'b'])
  assert.equal(await other.get('x'), 'there')
  assert.throws(() => batch.putSync('d', ''), { code: 'CLOSED', message: /this batch/ })
})

test('an indexed batch pins nothing, conflicts with nothing and is no transaction', async () => {
  await using db = await openTexts()
  await db.put('a', '1')
  const batch = db.indexedBatch()
  assert.equal(batch.getSync('a'), '1')
  batch.clearSync()
  batch.putSync('b', '2')
  await db.put('a', '2')
  const { open: opened } = db.stats().transactions
  assert.deepEqual([opened, db.stats().snapshots], [0, 0])
  batch.commitSync({ sync: true })
  assert.deepEqual([...db.entries()], [['b', '2']])
  assert.equal(db.stats().transactions.commits, 0)
  const discarded = db.indexedBatch()
  discarded.putSync('c', '3')
  discarded.discard()
  await assert.rejects(discarded.commit(), { code: 'CLOSED' })
  assert.deepEqual([...db.keys()], ['b'])
})

test('its commit conflicts with transactions that have read what it writes', async () => {
  await using db = await openTexts()
  const tx = db.begin()
  assert.equal(await tx.get('a'), undefined)
  await tx.put('b', '')
  const batch = db.indexedBatch()
  batch.putSync('a', '1')
  const results = await Promise.allSettled([batch.commit(), tx.commit()])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

test('its memory is bounded, and savepoints take writes back', async () => {
  await using db = await openTexts({ maxTransactionBytes: 64 * 1024 })
  const batch = db.indexedBatch()
  const savepoint = batch.savepoint()
  const fill = (): void => {
    for (let i = 0; i < 10; i++) batch.putSync(`key ${i}`, 'x'.repeat(10_000))
  }
  assert.throws(fill, { code: 'INVALID_ARGUMENT', option: 'maxTransactionBytes' })
  assert.ok(batch.memoryBytes > 50_000)
  batch.rollbackTo(savepoint)
  assert.ok(batch.memoryBytes < 1000)
  batch.putSync('a', '1')
  await batch.commit()
  assert.deepEqual([...db.keys()], ['a'])
})
