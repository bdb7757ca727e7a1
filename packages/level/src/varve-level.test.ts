import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { VarveLevel } from './index.js'
import { temporaryFolder } from './testing/temporary.js'

async function opened(t: TestContext): Promise<VarveLevel> {
  // Closed before its folder goes.
  t.after(() => db.close())
  const db = new VarveLevel(join(temporaryFolder(t), 'db'))
  await db.open()
  return db
}

const hasCode = (code: string) => (error: unknown) =>
  error instanceof Error && (error as { code?: string }).code === code

/** A database that does not open says why in the cause. */
const failsToOpen = (code: string) => (error: unknown) =>
  hasCode('LEVEL_DATABASE_NOT_OPEN')(error) && hasCode(code)((error as Error).cause)

test('it says what it supports', async (t) => {
  const supports = (await opened(t)).supports as VarveLevel['supports'] & { getSync?: boolean }
  assert.deepEqual(supports.additionalMethods, { approximateSize: true, compactRange: true })
  assert.ok(supports.getSync === true && supports.has && supports.seek && supports.permanence)
  assert.ok(supports.explicitSnapshots && supports.implicitSnapshots && supports.deferredOpen)
  assert.ok(supports.createIfMissing && supports.errorIfExists && supports.signals['iterators'])
})

test('writes survive closing and opening, by the same object or another', async (t) => {
  const db = await opened(t)
  await db.put('a', '1')
  await db.put('b', '2', { sync: true })
  await db.close()
  assert.throws(() => db.getSync('a'), hasCode('LEVEL_DATABASE_NOT_OPEN'))
  await db.open()
  assert.equal(db.getSync('a'), '1')
  await db.close()
  const other = new VarveLevel<string, number>(db.location, { valueEncoding: 'json' })
  assert.equal(await other.get('b'), 2)
  await other.close()
})

test('keys of zero bytes, the empty one among them, are kept apart and in order', async (t) => {
  const db = await opened(t)
  const keys = ['00', '', '0000', '0001', '000000', '01', '0100', 'ff', '000100']
  const hex = { keyEncoding: 'hex' }
  await db.batch(
    keys.map((key) => ({ type: 'put', key, value: key })),
    hex,
  )
  const sorted = [...keys].sort()
  assert.deepEqual(await db.keys(hex).all(), sorted)
  assert.deepEqual(await db.values().all(), sorted)
  for (const key of keys) assert.equal(await db.get(key, hex), key)
  for (const low of sorted) {
    for (const high of sorted) {
      const range = { ...hex, gte: low, lt: high }
      const expected = sorted.filter((key) => key >= low && key < high)
      assert.deepEqual(await db.keys(range).all(), expected, `[${low}, ${high})`)
      const reversed = { ...hex, gt: low, lte: high, reverse: true }
      const open = sorted.filter((key) => key > low && key <= high).reverse()
      assert.deepEqual(await db.keys(reversed).all(), open, `(${low}, ${high}]`)
    }
    const iterator = db.keys(hex)
    iterator.seek(low, hex)
    assert.equal(await iterator.next(), low)
    await iterator.close()
  }
  await db.del('', hex)
  await db.clear({ ...hex, lt: '0001' })
  assert.deepEqual(await db.keys(hex).all(), ['0001', '000100', '01', '0100', 'ff'])
})

test('keys and values as text, buffers and views, mixed in one batch', async (t) => {
  const db = await opened(t)
  const bytes = { keyEncoding: 'buffer', valueEncoding: 'view' }
  await db.batch([
    { type: 'put', key: 'text', value: 'ä' },
    { type: 'put', key: Buffer.from([255]), value: new Uint8Array([1, 2]), ...bytes },
    { type: 'put', key: { n: 1 }, value: [1], keyEncoding: 'json', valueEncoding: 'json' },
  ] as never)
  assert.deepEqual(await db.get(Buffer.from([255]), bytes), Buffer.from([1, 2]))
  assert.equal(await db.get('{"n":1}'), '[1]')
  assert.deepEqual(await db.getMany(['text', 'none'], { valueEncoding: 'buffer' }), [
    Buffer.from('ä'),
    undefined,
  ])
  assert.deepEqual(await db.hasMany(['text', 'none']), [true, false])
  const entries = await db.iterator(bytes as { keyEncoding: string }).all()
  assert.ok(entries.flat().every((data: unknown) => data instanceof Uint8Array))
})

test('hooks and listeners take part in put and batch', async (t) => {
  const db = await opened(t)
  const seen: unknown[] = []
  db.on('write', (operations: { type: string; key: string }[]) => {
    seen.push(...operations.map(({ type, key }) => `${type} ${key}`))
  })
  await db.put('a', '1')
  await db.batch([{ type: 'del', key: 'a' }])
  db.removeAllListeners('write')
  db.hooks.prewrite.add((op: { key: string }, batch) => {
    if (op.key !== 'log') batch.add({ type: 'put', key: 'log', value: op.key })
  })
  await db.put('b', '2')
  assert.deepEqual(seen, ['put a', 'del a'])
  assert.deepEqual(await db.iterator().all(), [
    ['b', '2'],
    ['log', 'b'],
  ])
})

test('a refused operation refuses its batch', async (t) => {
  const db = await opened(t)
  const long = 'k'.repeat(64 * 1024 + 1)
  const put = { type: 'put', key: 'half', value: '' } as const
  await assert.rejects(db.put(long, 'v'), hasCode('LEVEL_INVALID_KEY'))
  await assert.rejects(db.batch([put, { type: 'del', key: long }]), hasCode('LEVEL_INVALID_KEY'))
  await assert.rejects(
    db.batch([put, { type: 'del', key: null as never }]),
    hasCode('LEVEL_INVALID_KEY'),
  )
  await assert.rejects(db.put('k', undefined as never), hasCode('LEVEL_INVALID_VALUE'))
  await assert.rejects(db.batch([put, { type: 'move', key: 'k' } as never]), TypeError)
  await assert.rejects(db.batch('puts' as never), TypeError)
  await assert.rejects(
    db.put('k', 'v', { keyEncoding: 'rot13' }),
    hasCode('LEVEL_ENCODING_NOT_FOUND'),
  )
  await assert.rejects(db.put('k', 1n as never, { valueEncoding: 'json' }), TypeError)
  assert.deepEqual(await db.keys().all(), [])
})

test('a second open names the owner', async (t) => {
  const db = await opened(t)
  const second = new VarveLevel(db.location)
  await assert.rejects(second.open(), failsToOpen('LEVEL_LOCKED'))
  assert.equal(second.status, 'closed')
  await db.close()
  await second.open()
  await second.close()
})

test('damage keeps a database from opening, and has its code', async (t) => {
  const db = await opened(t)
  await db.put('k', 'v')
  await db.close()
  writeFileSync(join(db.location, 'CURRENT'), 'nothing\n')
  await assert.rejects(db.open(), failsToOpen('LEVEL_CORRUPTION'))
})

test('a database of LevelDB is recognised and left alone', async (t) => {
  const location = join(temporaryFolder(t), 'old')
  mkdirSync(location)
  writeFileSync(join(location, 'CURRENT'), 'MANIFEST-000002\n')
  const manifest = join(location, 'MANIFEST-000002')
  writeFileSync(manifest, '\x56\xf9\xb8\xf8\x1c\0\x01\x01\x1aleveldb.BytewiseComparator', 'latin1')
  appendFileSync(join(location, 'LOCK'), '')
  const db = new VarveLevel(location)
  await assert.rejects(db.open(), (error: Error) => {
    assert.match((error.cause as Error).message, /a database of LevelDB/)
    return failsToOpen('LEVEL_NOT_SUPPORTED')(error)
  })
  await assert.rejects(VarveLevel.destroy(location), hasCode('LEVEL_INVALID_ARGUMENT'))
  await assert.rejects(VarveLevel.repair(location), hasCode('LEVEL_NOT_SUPPORTED'))
  assert.deepEqual(readdirSync(location).sort(), ['CURRENT', 'LOCK', 'MANIFEST-000002'])
})

test('options of classic-level are understood, those of Varve go through', async (t) => {
  const location = join(temporaryFolder(t), 'db')
  const db = new VarveLevel(location, {
    cacheSize: 1024 * 1024,
    writeBufferSize: 1,
    blockSize: 1e9,
    maxFileSize: 2 * 1024 * 1024,
    maxOpenFiles: 5,
    blockRestartInterval: 4,
    multithreading: true,
    compression: false,
    varve: { background: 'inline' },
    ...{ revs_limit: 5 },
  })
  await db.open()
  assert.equal(db.engine.stats().cache.capacityBytes, 1024 * 1024)
  for (let i = 0; i < 1000; i++) await db.put(`${i}`, 'v'.repeat(100))
  const { flushes, tables } = db.engine.stats()
  assert.ok(flushes.count > 0, 'the write buffer is as small as it can be')
  assert.ok(tables.sizeBytes > 50_000, 'blocks are not compressed')
  await db.close()
  const strict = new VarveLevel(location, { varve: { durabilty: 'sync' } as never })
  await assert.rejects(strict.open(), failsToOpen('LEVEL_INVALID_ARGUMENT'))
  const none = new VarveLevel(join(location, 'none'), { createIfMissing: false })
  await assert.rejects(none.open(), failsToOpen('LEVEL_INVALID_ARGUMENT'))
})

test('approximateSize and compactRange, before and after opening', async (t) => {
  const location = join(temporaryFolder(t), 'db')
  const db = new VarveLevel<string, string>(location, { compression: false })
  for (let i = 0; i < 500; i++) void db.put(String(i).padStart(3, '0'), 'v'.repeat(1000))
  await db.compactRange('000', '999')
  const all = await db.approximateSize('000', '999')
  const half = await db.approximateSize('000', '250')
  assert.ok(all > 500_000 && all < 600_000, `${all}`)
  assert.ok(Math.abs(half - all / 2) < 10_000, `${half} of ${all}`)
  const key = { keyEncoding: 'buffer' }
  assert.equal(await db.approximateSize(Buffer.from('x'), Buffer.from('z'), key), 0)
  await db.close()
  await assert.rejects(db.approximateSize('0', '1'), hasCode('LEVEL_DATABASE_NOT_OPEN'))
  await assert.rejects(db.compactRange('0', '1'), hasCode('LEVEL_DATABASE_NOT_OPEN'))
})

test('getProperty reports files, memory and figures', async (t) => {
  const db = await opened(t)
  await db.put('k', 'v')
  await db.engine.flush()
  assert.equal(db.getProperty('leveldb.num-files-at-level0'), '1')
  assert.equal(db.getProperty('leveldb.num-files-at-level9'), '')
  assert.match(db.getProperty('leveldb.stats'), /\n {2}0 +1 +0\nFlushes: 1, /)
  assert.match(db.getProperty('leveldb.sstables'), /^--- level 0 ---\n \d+:\d+\['k' .. 'k/)
  assert.ok(Number(db.getProperty('leveldb.approximate-memory-usage')) > 0)
  assert.equal((JSON.parse(db.getProperty('varve.stats')) as { sequence: number }).sequence, 1)
  assert.match(db.getProperty('varve.levels'), /"smallestKey":"6b"/)
  assert.equal(db.getProperty('leveldb.nonsense'), '')
  assert.throws(() => db.getProperty(1 as never), TypeError)
  await db.close()
  assert.throws(() => db.getProperty('leveldb.stats'), hasCode('LEVEL_DATABASE_NOT_OPEN'))
  assert.throws(() => db.engine, hasCode('LEVEL_DATABASE_NOT_OPEN'))
})

test('destroy removes a closed database', async (t) => {
  const db = await opened(t)
  await db.put('k', 'v')
  await assert.rejects(VarveLevel.destroy(db.location), hasCode('LEVEL_LOCKED'))
  await db.close()
  await VarveLevel.destroy(db.location)
  assert.ok(!existsSync(db.location))
  await VarveLevel.destroy(db.location)
})

test('repair makes a damaged database one that opens, and leaves a sound one alone', async (t) => {
  const db = await opened(t)
  for (let i = 0; i < 2000; i++) await db.put(`k${i}`, 'value '.repeat(10))
  await db.compactRange('k', 'l')
  await assert.rejects(VarveLevel.repair(db.location), hasCode('LEVEL_LOCKED'))
  await db.close()
  await VarveLevel.repair(db.location)
  const names = readdirSync(db.location)
  const table = join(
    db.location,
    names.find((name) => name.endsWith('.sst'))!,
  )
  const bytes = readFileSync(table)
  bytes[100] ^= 1
  writeFileSync(table, bytes)
  await db.open()
  await assert.rejects(db.keys().all(), hasCode('LEVEL_CORRUPTION'))
  await db.close()
  await VarveLevel.repair(db.location)
  await db.open()
  const count = (await db.keys().all()).length
  assert.ok(1500 < count && count < 2000, `${count} of 2000 keys`)
  const gone = VarveLevel.repair(join(db.location, 'nothing'))
  await assert.rejects(gone, hasCode('LEVEL_IO_ERROR'))
})

test('clear with a limit, a direction or a snapshot', async (t) => {
  const db = await opened(t)
  const fill = (from: number, to: number) =>
    db.batch(
      Array.from({ length: to - from }, (_, i) => ({
        type: 'put',
        key: String(from + i).padStart(4, '0'),
        value: 'v',
      })),
    )
  await fill(0, 2500)
  await db.clear({ limit: 2200, reverse: true, lt: '2400' })
  assert.equal((await db.keys().all()).length, 300)
  const snapshot = db.snapshot()
  await fill(5000, 5010)
  await db.clear({ snapshot })
  assert.deepEqual([(await db.keys().all()).length, await db.get('5000')], [10, 'v'])
  await snapshot.close()
  await db.clear({ gt: '5000' })
  assert.deepEqual(await db.keys().all(), ['5000'])
})

test('clear with a limit or a snapshot deletes exactly the keys that are not UTF-8', async (t) => {
  const db = await opened(t)
  const keys = ['efbfbd01', 'ff01', 'ff02']
  const list = (): Promise<string[]> => db.keys<string>({ keyEncoding: 'hex' }).all()
  for (const key of keys) await db.put(key, 'v', { keyEncoding: 'hex' })
  await db.clear({ gt: '\uffff', limit: 1 })
  assert.deepEqual(await list(), ['efbfbd01', 'ff02'])
  const snapshot = db.snapshot()
  await db.put('ff03', 'v', { keyEncoding: 'hex' })
  await db.clear({ gt: '\uffff', snapshot })
  await snapshot.close()
  assert.deepEqual(await list(), ['efbfbd01', 'ff03'])
  await db.clear({ limit: 10 })
  assert.deepEqual(await list(), [])
})

test('nextv stops at highWaterMarkBytes, next reads ahead and seeks afresh', async (t) => {
  const db = await opened(t)
  for (let i = 0; i < 100; i++) await db.put(`k${String(i).padStart(2, '0')}`, 'v'.repeat(97))
  const bounded = db.iterator({ highWaterMarkBytes: 250 })
  assert.equal((await bounded.nextv(50)).length, 3)
  assert.equal((await bounded.all()).length, 97)
  assert.equal((await db.iterator({ highWaterMarkBytes: 0 }).all()).length, 100)
  const keys = db.keys({ reverse: true })
  assert.deepEqual([await keys.next(), await keys.next(), await keys.next()], ['k99', 'k98', 'k97'])
  assert.deepEqual(await keys.nextv(2), ['k96', 'k95'])
  keys.seek('k50')
  assert.equal(await keys.next(), 'k50')
  await keys.close()
  const seen: string[] = []
  for await (const [key] of db.iterator({ limit: 37 })) seen.push(key)
  assert.deepEqual([seen.length, seen[36]], [37, 'k36'])
  assert.equal(db.engine.stats().iterators, 0)
})

test('an abort ends a long read between two pieces of it', async (t) => {
  const db = await opened(t)
  for (let i = 0; i < 10; i++) await db.put(`${i}`, 'v')
  const controller = new AbortController()
  const iterator = db.iterator({ signal: controller.signal, highWaterMarkBytes: 0 })
  const all = iterator.all()
  controller.abort()
  await assert.rejects(all, { code: 'LEVEL_ABORTED', name: 'AbortError' })
})

test('a close that fails says so once; the database is closed', async (t) => {
  const db = await opened(t)
  await db.put('k', 'v')
  rmSync(db.location, { recursive: true })
  await assert.rejects(db.close(), hasCode('LEVEL_DATABASE_NOT_CLOSED'))
  await db.close()
  assert.equal(db.status, 'closed')
})

test('arguments that cannot be are refused as by classic-level', async () => {
  assert.throws(() => new VarveLevel(''), TypeError)
  assert.throws(() => new VarveLevel(undefined as never), TypeError)
  await assert.rejects(VarveLevel.repair(''), TypeError)
  await assert.rejects(VarveLevel.destroy(''), TypeError)
})

test('lone surrogates are stored as U+FFFD, as in Level', async (t) => {
  const db = await opened(t)
  await db.put('k\ud800', 'v\udc00')
  assert.deepEqual(await db.iterator().all(), [['k\ufffd', 'v\ufffd']])
  assert.equal(await db.get('k\ud801'), 'v\ufffd')
  assert.deepEqual(await db.keys({ gte: 'k\udfff' }).all(), ['k\ufffd'])
  const users = db.sublevel('users')
  await users.batch([{ type: 'put', key: '\ud800', value: '\ud800' }])
  assert.equal(await users.get('\ufffd'), '\ufffd')
})

test('a key that is too long is an invalid key, wherever it goes', async (t) => {
  const db = await opened(t)
  const key = 'k'.repeat(64 * 1024 + 1)
  const refused = hasCode('LEVEL_INVALID_KEY')
  await assert.rejects(db.put(key, 'v'), refused)
  await assert.rejects(db.del(key), refused)
  await assert.rejects(db.get(key), refused)
  assert.throws(() => db.getSync(key), refused)
  await assert.rejects(db.batch([{ type: 'put', key, value: 'v' }]), refused)
  await assert.rejects(db.getMany(['k', key]), refused)
  assert.throws(() => db.iterator({ gt: key }), refused)
})

test('an aborted iterator holds nothing, though it is not closed', async (t) => {
  const db = await opened(t)
  for (const key of ['a', 'b', 'c']) await db.put(key, key)
  const aborted = hasCode('LEVEL_ABORTED')
  const iterators = (): number => db.engine.stats().iterators
  type Options = { signal: AbortSignal }
  for (const begin of [
    (options: Options) => db.iterator(options),
    (options: Options) => db.keys(options),
    (options: Options) => db.values(options),
  ]) {
    const before = begin({ signal: AbortSignal.abort() })
    await assert.rejects(before.next(), aborted)
    await assert.rejects(before.all(), aborted)
    const controller = new AbortController()
    const { signal } = controller
    const [unread, read, reading] = [begin({ signal }), begin({ signal }), begin({ signal })]
    await read.next()
    const pending = reading.next()
    assert.equal(iterators(), 3)
    controller.abort()
    await assert.rejects(pending, aborted)
    assert.equal(iterators(), 0)
    read.seek('b')
    await assert.rejects(read.next(), aborted)
    await assert.rejects(unread.next(), aborted)
    await Promise.all([unread.close(), read.close(), reading.close()])
    await begin({ signal: new AbortController().signal }).all()
    assert.equal(iterators(), 0)
  }
})

test('console.log shows one line instead of internals', async (t) => {
  const location = join(temporaryFolder(t), 'db')
  const db = new VarveLevel(location, { valueEncoding: 'json' })
  await db.open()
  const shown = (status: string) =>
    `VarveLevel { location: '${location}', status: '${status}', ` +
    "keyEncoding: 'utf8', valueEncoding: 'json' }"
  assert.equal(inspect(db), shown('open'))
  assert.equal(inspect({ a: { db } }, { depth: 1 }), '{ a: { db: [VarveLevel] } }')
  await db.close()
  assert.equal(inspect(db), shown('closed'))
})
