import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { firstSeed } from '../../../base/testing/seed.js'

const options = { background: 'inline', cacheBytes: 0, blockBytes: 256 } as const

test('concurrent steps resolve in order although each waits for a block', async () => {
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

test('close waits for the block that an iterator loads', async () => {
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

test('text in any script is read as written, in both directions', async () => {
  const prng = new Prng(firstSeed(11))
  const fileSystem = new MemoryFileSystem()
  // Blocks with many entries, and a cache that holds few blocks.
  const db = await open('/db', { ...options, fileSystem, blockBytes: 2048, cacheBytes: 4096 })
  const written = new Map<string, string>()
  for (let i = 0; i < 3000; i++) {
    const key = `${prng.pick(['user:', 'клю:', '日'])}${prng.below(2000)}`
    const value = prng.chance(0.3) ? `grüße ${i}` : prng.pick(['', 'x', `plain ${i}`, 'é'])
    written.set(key, value)
    await db.put(key, value)
    // Several tables, and finally a memtable whose entries fall between theirs.
    if (i % 700 === 699) await db.flush()
  }
  const expected = [...written].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  assert.deepEqual([...db.entries()], expected)
  assert.deepEqual([...db.entries({ reverse: true })], expected.toReversed())
  await db.compact()
  assert.deepEqual([...db.entries()], expected)
  assert.deepEqual([...db.entries({ reverse: true })], expected.toReversed())
  assert.deepEqual(
    [...db.values({ prefix: 'user:' })],
    expected.filter(([key]) => key.startsWith('user:')).map(([, value]) => value),
  )
  await db.close()
})
