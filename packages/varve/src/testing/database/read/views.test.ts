import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { type Encoding, json, open } from '../../../index.js'
import type { OpenOptions } from '../../../db/api.js'

function inMemory(): OpenOptions<'utf8', 'utf8'> {
  return { fileSystem: new MemoryFileSystem(), background: 'inline' }
}

test('a view reads and writes the same entries in other encodings', async () => {
  await using db = await open('/db', inMemory())
  const numbers = db.withEncodings({ valueEncoding: json<number[]>() })
  const bytes = numbers.withEncodings({ keyEncoding: 'binary', valueEncoding: 'binary' })
  await numbers.put('k', [1, 2])
  assert.equal(await db.get('k'), '[1,2]')
  assert.deepEqual(await bytes.get(Buffer.from('k')), Buffer.from('[1,2]'))
  await bytes.batch([{ type: 'put', key: Buffer.from('l'), value: Buffer.from('[3]') }])
  const entries: [string, number[]][] = [...numbers.entries()]
  assert.deepEqual(entries, [
    ['k', [1, 2]],
    ['l', [3]],
  ])
  assert.deepEqual([...bytes.keys({ gt: Buffer.from('k') })], [Buffer.from('l')])
  assert.equal(db.stats().operations.gets, 2)
  assert.throws(() => db.withEncodings({ keyEncoding: 'ascii' as never }), {
    option: 'keyEncoding',
  })
  assert.throws(() => db.withEncodings({ cacheBytes: 1 } as never), { option: 'cacheBytes' })
})

test('a view and its database close together', async () => {
  const options = inMemory()
  const db = await open('/db', options)
  const view = db.withEncodings({ valueEncoding: 'json' })
  await Promise.all([view.close(), db.close()])
  await assert.rejects(db.get('k'), { code: 'CLOSED' })
  await assert.rejects(view.get('k'), { code: 'CLOSED' })
  await (await open('/db', options)).close()
})

test('every view can read at a snapshot', async () => {
  await using db = await open('/db', inMemory())
  await using other = await open('/other', inMemory())
  const view = db.withEncodings({ valueEncoding: 'json' })
  await db.put('k', '1')
  using snapshot = db.snapshot()
  await db.put('k', '2')
  await db.put('l', '3')
  assert.equal(await view.get('k', { snapshot }), 1)
  assert.equal(view.getSync('k', { snapshot }), 1)
  assert.deepEqual(await view.getMany(['k', 'l'], { snapshot }), [1, undefined])
  assert.equal(await view.has('l', { snapshot }), false)
  assert.equal(view.hasSync('l', { snapshot }), false)
  assert.deepEqual([...view.values({ snapshot })], [1])
  assert.equal(view.getSync('k'), 2)
  await assert.rejects(other.get('k', { snapshot }), { option: 'snapshot' })
  await assert.rejects(db.get('k', { snapshot: {} as never }), { option: 'snapshot' })
  await assert.rejects(db.get('k', { at: snapshot } as never), { option: 'at' })
  snapshot.close()
  await assert.rejects(view.get('k', { snapshot }), { code: 'CLOSED' })
})

/** Reversed text, encoded and decoded in place. */
const reversed: Encoding<string> = {
  name: 'reversed',
  write: (text, sink) => sink.appendText([...text].reverse().join('')),
  read: (bytes, start, end) => [...bytes.toString('utf8', start, end)].reverse().join(''),
}

test('a custom encoding works in place, for keys, values and bounds', async () => {
  await using db = await open('/db', {
    ...inMemory(),
    keyEncoding: reversed,
    valueEncoding: reversed,
  })
  for (const key of ['ab', 'bb', 'ba']) await db.put(key, `${key}…ä`)
  await db.flush()
  assert.deepEqual(
    [...db.entries({ gte: 'ab' })],
    [
      ['ab', 'ab…ä'],
      ['bb', 'bb…ä'],
    ],
  )
})

test('an encoding that truncates its output is refused and leaves no trace', async () => {
  const broken: Encoding<string> = {
    ...reversed,
    write: (_text, sink) => void (sink.length -= 1),
  }
  await using db = await open('/db', { ...inMemory(), keyEncoding: broken })
  await assert.rejects(db.put('k', 'v'), { code: 'INVALID_ARGUMENT' })
  const view = db.withEncodings({ keyEncoding: 'utf8', valueEncoding: broken })
  await assert.rejects(view.put('k', 'v'), { code: 'INVALID_ARGUMENT' })
  const good = view.withEncodings({ valueEncoding: 'utf8' })
  await good.put('k', 'v')
  assert.deepEqual([...good.entries()], [['k', 'v']])
})

test('the approximate size of a range covers its tables, to the nearest block', async () => {
  await using db = await open('/db', { ...inMemory(), filterBitsPerKey: 0 })
  const keyOf = (i: number): string => String(i).padStart(4, '0')
  for (let i = 0; i < 1000; i++) await db.put(keyOf(i), 'v'.repeat(100))
  assert.equal(await db.approximateSize(), 0, 'nothing is flushed')
  await db.flush()
  const { sizeBytes } = db.stats().tables
  assert.equal(await db.approximateSize(), sizeBytes)
  const half = await db.approximateSize({ gte: keyOf(500) })
  assert.ok(Math.abs(half - sizeBytes / 2) < 8192, `${half} of ${sizeBytes}`)
  const tenth = await db.approximateSize({ gte: keyOf(100), lt: keyOf(200) })
  assert.ok(Math.abs(tenth - sizeBytes / 10) < 8192, `${tenth} of ${sizeBytes}`)
  assert.equal(await db.approximateSize({ gte: 'x' }), 0)
  assert.equal(await db.approximateSize({ lt: keyOf(0) }), 0)
  await assert.rejects(db.approximateSize({ from: 'a' } as never), { option: 'from' })
})
