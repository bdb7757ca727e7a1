import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open, type OpenOptions } from '../../../index.js'

function openTexts(options: OpenOptions = {}) {
  return open('/db', { fileSystem: new MemoryFileSystem(), background: 'inline', ...options })
}

test('rollbackTo takes writes back in all keyspaces; the savepoint stays', async () => {
  await using db = await openTexts()
  const other = await db.keyspace('other')
  const tx = db.begin()
  tx.putSync('a', '1')
  const savepoint = tx.savepoint()
  for (let round = 0; round < 2; round++) {
    tx.putSync('a', '2')
    tx.keyspace(other).putSync('b', '2')
    tx.rollbackTo(savepoint)
    assert.deepEqual([...tx.entries()], [['a', '1']])
    assert.deepEqual([...tx.keyspace(other).keys()], [])
  }
  await tx.commit()
  assert.deepEqual([...db.entries()], [['a', '1']])
})

test('a rollback removes later savepoints, and those of others are refused', async () => {
  await using db = await openTexts()
  using tx = db.begin()
  const first = tx.savepoint()
  tx.putSync('a', '1')
  const second = tx.savepoint()
  tx.putSync('b', '1')
  tx.rollbackTo(first)
  tx.putSync('c', '1')
  const gone = { code: 'INVALID_ARGUMENT', option: 'savepoint' }
  assert.throws(() => tx.rollbackTo(second), gone)
  assert.throws(() => second.rollback(), gone)
  assert.deepEqual([...tx.keys()], ['c'])
  using other = db.begin()
  assert.throws(() => other.rollbackTo(first), gone)
})

test('what savepoints keep counts as memory of the transaction', async () => {
  await using db = await openTexts({ maxTransactionBytes: 64 * 1024 })
  using tx = db.begin()
  const value = 'x'.repeat(5000)
  for (let i = 0; i < 100; i++) tx.putSync('same key', value)
  const savepoint = tx.savepoint()
  const overwrite = (): void => {
    for (let i = 0; i < 100; i++) tx.putSync('same key', value)
  }
  assert.throws(overwrite, { option: 'maxTransactionBytes' })
  assert.ok(tx.memoryBytes > 50_000)
  tx.rollbackTo(savepoint)
  assert.ok(tx.memoryBytes < 10_000)
  const clear = (): void => {
    for (let i = 0; i < 100; i++) {
      tx.putSync('same key', value)
      tx.clearSync()
    }
  }
  assert.throws(clear, { option: 'maxTransactionBytes' })
  const manySavepoints = (): void => {
    for (let i = 0; i < 1000; i++) tx.savepoint()
  }
  assert.throws(manySavepoints, { option: 'maxTransactionBytes' })
})

test('a batch of a transaction keeps no undo for later writes', async () => {
  await using db = await openTexts({ maxTransactionBytes: 64 * 1024 })
  using tx = db.begin()
  const value = 'x'.repeat(5000)
  tx.batchSync([
    { type: 'put', key: 'a', value },
    { type: 'put', key: 'b', value },
  ])
  for (let i = 0; i < 100; i++) tx.putSync('a', value)
  assert.ok(tx.memoryBytes < 15_000)
})

test('await using rolls back', async () => {
  await using db = await openTexts()
  {
    await using tx = db.begin()
    tx.putSync('a', '1')
  }
  assert.deepEqual([db.stats().transactions.open, db.getSync('a')], [0, undefined])
})
