import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, VarveError } from '../../base/errors.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'
import type { OpenOptions } from '../../db/api.js'

function inMemory(): OpenOptions<'utf8', 'utf8'> {
  return { fileSystem: new MemoryFileSystem(), background: 'inline' }
}

const code =
  (expected: ErrorCode, option?: string) =>
  (error: unknown): boolean =>
    error instanceof VarveError &&
    error.code === expected &&
    (option === undefined || (error.option === option && error.message.includes(option)))

const invalid = code('INVALID_ARGUMENT')
const closed = code('CLOSED')
const longKey = 'k'.repeat(64 * 1024 + 1)

test('invalid keys and values are refused by every method and leave no trace', async () => {
  await using db = await open('/db', inMemory())
  for (const key of ['', longKey, 1, undefined, null, Buffer.from('k')] as string[]) {
    await assert.rejects(db.put(key, 'v'), invalid)
    await assert.rejects(db.del(key), invalid)
    await assert.rejects(db.get(key), invalid)
    await assert.rejects(db.has(key), invalid)
    await assert.rejects(db.getMany(['fine', key]), invalid)
    await assert.rejects(
      db.batch([
        { type: 'put', key: 'half', value: 'a batch' },
        { type: 'del', key },
      ]),
      invalid,
    )
    assert.throws(() => db.putSync(key, 'v'), invalid)
    assert.throws(() => db.delSync(key), invalid)
    assert.throws(() => db.getSync(key), invalid)
    assert.throws(() => db.hasSync(key), invalid)
    assert.throws(() => db.batchSync([{ type: 'del', key }]), invalid)
  }
  await assert.rejects(db.put('k', 1 as never), invalid)
  await assert.rejects(db.batch([{ type: 'move', key: 'k' } as never]), invalid)
  await assert.rejects(db.batch('puts' as never), invalid)
  await assert.rejects(db.getMany('k' as never), invalid)
  await assert.rejects(db.put('k', 'v', { ttl: 1 } as never), code('INVALID_ARGUMENT', 'ttl'))
  await assert.rejects(db.put('k', 'v', { sync: 1 } as never), code('INVALID_ARGUMENT', 'sync'))
  await db.put('after', 'v')
  assert.deepEqual([...db.entries()], [['after', 'v']])
  assert.equal(db.stats().sequence, 1)
})

test('invalid ranges are refused', async () => {
  await using db = await open('/db', inMemory())
  await using other = await open('/other', inMemory())
  using foreign = other.snapshot()
  assert.throws(() => db.entries({ gt: 'a', gte: 'a' }), invalid)
  assert.throws(() => db.keys({ lt: 'a', lte: 'a' }), invalid)
  assert.throws(() => db.values({ limit: -1 }), invalid)
  assert.throws(() => db.entries({ limit: 1.5 }), invalid)
  assert.throws(() => db.entries({ reverse: 'yes' as never }), invalid)
  assert.throws(() => db.entries({ from: 'a' } as never), code('INVALID_ARGUMENT', 'from'))
  assert.throws(() => db.entries({ snapshot: foreign }), code('INVALID_ARGUMENT', 'snapshot'))
  await assert.rejects(db.clear({ limit: 1 } as never), code('INVALID_ARGUMENT', 'limit'))
  await assert.rejects(db.compact({ gt: 1 as never }), invalid)
  await db.put('k', 'v')
  await db.clear({ gt: 'z', lt: 'a' })
  assert.deepEqual([...db.keys({ gt: 'z', lt: 'a' })], [])
  assert.equal(await db.get('k'), 'v')
})

test('every option of open is validated by name', async () => {
  const bad: Record<string, unknown> = {
    createIfMissing: 1,
    errorIfExists: 'no',
    readOnly: null,
    keyEncoding: 'ascii',
    valueEncoding: {},
    durability: 'never',
    memtableBytes: 1,
    cacheBytes: -1,
    blockBytes: 1.5,
    tableBytes: '1',
    filterBitsPerKey: 33,
    codec: 'gzip',
    compaction: 'tiered',
    background: 'later',
    maxOpenTables: 0,
    coldReads: 'never',
    paranoid: 0,
    cacheSize: 1,
  }
  for (const [name, value] of Object.entries(bad)) {
    if (value === null) continue
    const options = { ...inMemory(), [name]: value } as OpenOptions<'utf8', 'utf8'>
    await assert.rejects(open('/db', options), code('INVALID_ARGUMENT', name), name)
  }
  for (const codec of [5, null, { last: 'gzip' }, { upper: 5 }]) {
    const options = { ...inMemory(), codec } as OpenOptions<'utf8', 'utf8'>
    await assert.rejects(open('/db', options), code('INVALID_ARGUMENT', 'codec'))
  }
  for (const background of [
    { mode: 'worker' },
    { threads: 9 },
    { mode: 'inline', threads: 2 },
    { bytesPerSecond: 1000 },
    { bytesPerSecnd: 1e6 },
    { niceness: -1 },
    { niceness: 20 },
    null,
  ]) {
    const options = { ...inMemory(), background } as OpenOptions<'utf8', 'utf8'>
    await assert.rejects(open('/db', options), invalid, JSON.stringify(background))
  }
  const compaction = { policy: 'leveled', l0Trigger: 0 } as const
  await assert.rejects(open('/db', { ...inMemory(), compaction }), invalid)
  await assert.rejects(
    open('/db', { fileSystem: new MemoryFileSystem() }),
    code('INVALID_ARGUMENT', 'fileSystem'),
  )
  await assert.rejects(open(''), invalid)
  await assert.rejects(open(7 as never), invalid)
})

test('open distinguishes existing, missing and unwanted databases', async () => {
  const options = inMemory()
  const absent = code('INVALID_ARGUMENT', 'createIfMissing')
  await assert.rejects(open('/db', { ...options, createIfMissing: false }), absent)
  const missing = code('INVALID_ARGUMENT', 'readOnly')
  await assert.rejects(open('/db', { ...options, readOnly: true }), missing)
  assert.ok(!options.fileSystem!.exists('/db'), 'a refused open creates no folder')
  await (await open('/db', options)).close()
  const there = code('INVALID_ARGUMENT', 'errorIfExists')
  await assert.rejects(open('/db', { ...options, errorIfExists: true }), there)
  await (await open('/db', options)).close()
})

test('a closed database, its snapshots and its iterators fail with CLOSED', async () => {
  const db = await open('/db', inMemory())
  await db.batch([
    { type: 'put', key: 'a', value: '1' },
    { type: 'put', key: 'b', value: '2' },
  ])
  const gone = db.snapshot()
  gone.close()
  gone.close()
  assert.throws(() => gone.getSync('a'), closed)
  await assert.rejects(gone.get('a'), closed)
  assert.throws(() => [...gone.entries()], closed)
  assert.throws(() => [...db.entries({ snapshot: gone })], closed)
  const snapshot = db.snapshot()
  const range = db.entries()
  const walk = range[Symbol.iterator]()
  const later = range[Symbol.asyncIterator]()
  walk.next()
  await later.next()
  await db.close()
  await db.close()
  assert.throws(() => walk.next(), closed)
  await assert.rejects(later.next(), closed)
  assert.throws(() => [...range], closed)
  assert.throws(() => snapshot.getSync('a'), closed)
  for (const call of [
    () => db.put('k', 'v'),
    () => db.del('k'),
    () => db.batch([{ type: 'del', key: 'k' }]),
    () => db.clear(),
    () => db.get('k'),
    () => db.has('k'),
    () => db.getMany(['k']),
    () => db.flush(),
    () => db.compact(),
    () => db.pauseCompaction(),
  ]) {
    await assert.rejects(call(), closed, call.toString())
  }
  for (const call of [
    () => db.putSync('k', 'v'),
    () => db.delSync('k'),
    () => db.batchSync([]),
    () => db.getSync('k'),
    () => db.hasSync('k'),
    () => db.snapshot(),
    () => db.stats(),
    () => db.levels(),
    () => db.explain('k'),
    () => db.resumeCompaction(),
  ]) {
    assert.throws(call, closed, call.toString())
  }
})

test('readOnly reads tables and logs beside a running owner and changes no file', async () => {
  const fileSystem = new MemoryFileSystem()
  await using owner = await open('/db', { fileSystem, background: 'inline' })
  await owner.put('a', '1')
  await owner.flush()
  await owner.put('b', '2')
  const names = fileSystem.list('/db').sort()
  {
    await using db = await open('/db', { fileSystem, background: 'inline', readOnly: true })
    assert.deepEqual(
      [...db.entries()],
      [
        ['a', '1'],
        ['b', '2'],
      ],
    )
    const refused = code('INVALID_ARGUMENT', 'readOnly')
    await assert.rejects(db.put('c', '3'), refused)
    assert.throws(() => db.delSync('a'), refused)
    await assert.rejects(db.clear(), refused)
    await assert.rejects(db.flush(), refused)
    await assert.rejects(db.compact(), refused)
    await assert.rejects(db.pauseCompaction(), refused)
    assert.equal(db.stats().sequence, 2)
    using snapshot = db.snapshot()
    assert.equal(await snapshot.get('b'), '2')
  }
  assert.deepEqual(fileSystem.list('/db').sort(), names)
})

test('unknown events and listeners that are not functions are refused', async () => {
  await using db = await open('/db', inMemory())
  const listener = (): void => {}
  for (const event of ['stal', 'toString', '', Symbol('flush'), undefined]) {
    assert.throws(() => db.on(event as never, listener), invalid, String(event))
    assert.throws(() => db.off(event as never, listener), invalid, String(event))
  }
  assert.throws(() => db.on('stal' as never, listener), /unknown event 'stal'.* stall/)
  assert.throws(() => db.on('stall', undefined as never), invalid)
  assert.throws(() => db.off('stall', 'listener' as never), invalid)
  await assert.rejects(open('/db2', { ...inMemory(), toString: 1 } as never), invalid)
})
