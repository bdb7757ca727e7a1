import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../fs/memory-file-system.js'
import { open } from '../index.js'

const options = { background: 'inline', cacheBytes: 0, blockBytes: 256 } as const

test('steps that are asked for at once come in order, though each waits for a block', async () => {
  const fileSystem = new MemoryFileSystem()
  const db = await open('/db', { ...options, fileSystem, coldReads: 'async' })
  for (let i = 100; i < 200; i++) await db.put(`${i}`, 'x'.repeat(100))
  await db.flush()
  const walk = db.keys()[Symbol.asyncIterator]()
  const steps = await Promise.all(Array.from({ length: 101 }, () => walk.next()))
  const expected = Array.from({ length: 100 }, (_, i) => `${100 + i}`)
  assert.deepEqual(
    steps.map(({ value }) => value as unknown),
    [...expected, undefined],
  )
  await db.close()
})

test('a database that closes waits for the block that a walk loads', async () => {
  const fileSystem = new MemoryFileSystem()
  const db = await open('/db', { ...options, fileSystem, coldReads: 'async' })
  await db.put('a', '1')
  await db.flush()
  const walk = db.keys()[Symbol.asyncIterator]()
  const step = walk.next()
  await db.close()
  assert.deepEqual(await step, { done: false, value: 'a' })
  await assert.rejects(walk.next(), { code: 'CLOSED' })
})
