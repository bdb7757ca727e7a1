import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { VarveError } from '../../base/errors.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { json, open } from '../../index.js'
import type { FlushEvent, CompactionEvent, OpenOptions, StallEvent } from '../../db/api.js'

const code = (expected: string) => (error: unknown) =>
  error instanceof VarveError && error.code === expected

/** In memory, and so small that a few hundred writes cause flushes and compactions. */
function inMemory(): OpenOptions<'utf8', 'utf8'> {
  return {
    fileSystem: new MemoryFileSystem(),
    background: 'inline',
    memtableBytes: 64 * 1024,
    compaction: { policy: 'leveled', l0Trigger: 2 },
  }
}

function directoryFor(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'varve-api-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const value = 'v'.repeat(1000)

test('await using closes databases and snapshots', async () => {
  const options = inMemory()
  {
    await using db = await open('/db', options)
    await db.put('k', '1')
    {
      using snapshot = db.snapshot()
      assert.equal(snapshot.getSync('k'), '1')
      assert.equal(db.stats().snapshots, 1)
    }
    assert.equal(db.stats().snapshots, 0)
    await assert.rejects(open('/db', options), code('LOCKED'))
  }
  await using db = await open('/db', options)
  assert.equal(await db.get('k'), '1')
})

test('events report flushes and compactions; statistics and levels agree with them', async () => {
  await using db = await open('/db', inMemory())
  const flushes: FlushEvent[] = []
  const compactions: CompactionEvent[] = []
  db.on('flush', (event) => flushes.push(event))
  db.on('compaction', (event) => compactions.push(event))
  for (let i = 0; i < 400; i++) db.putSync(`k${i % 300}`, value)
  db.delSync('k0')
  await db.flush()
  await db.get('k1')
  await db.get('absent')
  const stats = db.stats()
  assert.equal(stats.flushes.count, flushes.length)
  assert.equal(stats.compactions.count + stats.compactions.moves, compactions.length)
  assert.ok(flushes.length > 3 && compactions.length > 0)
  assert.equal(
    stats.bytes.flush,
    flushes.reduce((sum, event) => sum + event.sizeBytes, 0),
  )
  assert.equal(
    stats.bytes.compaction,
    compactions.reduce((sum, event) => sum + event.writtenBytes, 0),
  )
  assert.equal(stats.sequence, 401)
  assert.equal(stats.operations.writes, 401)
  assert.equal(stats.operations.gets, 2)
  const userBytes = Array.from({ length: 400 }, (_, i) => `k${i % 300}`.length + value.length)
  assert.equal(stats.bytes.user, userBytes.reduce((sum, bytes) => sum + bytes, 0) + 2)
  const { memtables, cache, tables, commitBuffers, threads, total } = stats.memory
  assert.equal(total, memtables + cache + tables + commitBuffers + threads)
  const written = stats.bytes.log + stats.bytes.flush + stats.bytes.compaction
  assert.equal(stats.amplification.write, written / stats.bytes.user)
  const levels = db.levels()
  const all = levels.flatMap((level) => level.tables)
  assert.equal(stats.tables.count, all.length)
  assert.equal(
    stats.tables.sizeBytes,
    levels.reduce((sum, level) => sum + level.sizeBytes, 0),
  )
  const dropped = [...flushes, ...compactions].reduce((sum, e) => sum + e.droppedEntries, 0)
  assert.ok(dropped > 0)
  assert.equal(
    all.reduce((sum, table) => sum + table.entryCount, 0),
    stats.operations.writes - dropped,
  )
  const listener = (): never => assert.fail('still listening')
  db.on('flush', listener).off('flush', listener)
})

test('explain reports where a key was found, deleted or missing', async () => {
  await using db = await open('/db', inMemory())
  await db.put('a', '1')
  await db.put('b', '1')
  await db.flush()
  await db.del('b')
  assert.equal(db.explain('a').outcome, 'found')
  assert.equal(db.explain('a').steps.at(-1)?.place, 'table')
  assert.equal(db.explain('b').outcome, 'deleted')
  assert.equal(db.explain('b').steps[0].place, 'memtable')
  assert.equal(db.explain('c').outcome, 'absent')
  await db.clear({ gte: 'a' })
  assert.equal(db.explain('a').steps[0].verdict, 'range-deleted')
})

test('encodings: text, JSON, bytes and custom ones', async () => {
  const upside = {
    name: 'negated number',
    encode: (n: number) => Buffer.of(255 - n),
    decode: (bytes: Uint8Array) => 255 - bytes[0],
  }
  {
    await using db = await open('/a', {
      ...inMemory(),
      keyEncoding: upside,
      valueEncoding: json<{ n: number }>(),
    })
    for (const n of [1, 3, 2]) await db.put(n, { n })
    assert.deepEqual([...db.keys()], [3, 2, 1])
    assert.deepEqual(await db.get(2), { n: 2 })
  }
  {
    await using db = await open('/b', { ...inMemory(), valueEncoding: 'json' })
    await db.put('ключ 🔑', { list: [1, null] })
    assert.deepEqual(db.getSync('ключ 🔑'), { list: [1, null] })
    assert.throws(() => db.putSync('k', undefined), code('INVALID_ARGUMENT'))
    assert.throws(() => db.putSync(1 as never, 1), code('INVALID_ARGUMENT'))
  }
  {
    await using db = await open('/c', {
      ...inMemory(),
      keyEncoding: 'binary',
      valueEncoding: 'binary',
    })
    const mine = Buffer.of(1, 2, 3)
    await db.put(Buffer.of(0), mine)
    const got = await db.get(Buffer.of(0))
    assert.deepEqual(got, mine)
    got[0] = 9
    assert.deepEqual(await db.get(Buffer.of(0)), mine)
    assert.throws(() => db.putSync(mine, 'text' as never), code('INVALID_ARGUMENT'))
  }
})

test('keys and values can have every permitted size', async () => {
  await using db = await open('/db', inMemory())
  const longest = 'k'.repeat(64 * 1024)
  const huge = 'v'.repeat(5 * 1024 * 1024)
  await Promise.all([db.put(longest, huge), db.put('e', ''), db.put('\0', 'zero')])
  db.delSync('was never there')
  for (const flushed of [false, true]) {
    if (flushed) await db.compact()
    assert.equal(db.getSync(longest), huge)
    assert.equal(await db.get('e'), '')
    assert.ok(db.hasSync('e'))
    assert.deepEqual([...db.keys()], ['\0', 'e', longest])
    assert.deepEqual([...db.keys({ gt: longest })], [])
    assert.deepEqual([...db.keys({ lte: longest, gte: longest })], [longest])
  }
  await db.clear({ gt: 'e', lte: longest })
  assert.deepEqual([...db.keys()], ['\0', 'e'])
})

test('getMany reads all keys at one state', async () => {
  await using db = await open('/db', { ...inMemory(), cacheBytes: 0, coldReads: 'async' })
  await db.batch([
    { type: 'put', key: 'a', value: '1' },
    { type: 'put', key: 'b', value: '1' },
  ])
  await db.compact()
  const values = db.getMany(['a', 'absent', 'b'])
  db.batchSync([
    { type: 'put', key: 'a', value: '2' },
    { type: 'put', key: 'b', value: '2' },
  ])
  await db.compact()
  assert.deepEqual(await values, ['1', undefined, '1'])
})

test('an iterator holds nothing after a decoding error or an early exit', async () => {
  const options = inMemory()
  {
    await using db = await open('/db', options)
    await db.put('a', '{}')
    await db.put('b', 'no JSON')
  }
  await using db = await open('/db', { ...options, valueEncoding: 'json' })
  assert.throws(() => [...db.entries()], { option: 'valueEncoding' })
  await assert.rejects(
    async () => {
      for await (const entry of db.entries()) void entry
    },
    { option: 'valueEncoding' },
  )
  for (const entry of db.entries()) if (entry) break
  for await (const entry of db.entries()) if (entry) break
  assert.equal(db.stats().iterators, 0)
})

test(
  'background threads have the niceness set in the options',
  { skip: process.platform !== 'linux' && 'threads have no niceness of their own here' },
  async (context) => {
    for (const [background, expected] of [
      ['thread', 5],
      [{ niceness: 3 }, 3],
      [{ niceness: 0 }, 0],
    ] as const) {
      const before = niceThreads()
      await using db = await open(directoryFor(context), { background })
      await db.put('k', value)
      await db.flush()
      const added = Math.min(19, getPriority() + expected) - getPriority()
      if (added > 0) assert.ok(niceThreads().includes(added))
      else assert.deepEqual(niceThreads(), before)
    }
  },
)

/** The niceness of the threads that differ from the main thread, relative to it. */
function niceThreads(): number[] {
  const nicenesses = readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')
    const [, niceness] = /\) \S(?: \S+){15} (\S+)/.exec(stat)!
    return Number(niceness) - getPriority()
  })
  return nicenesses.filter((niceness) => niceness > 0)
}

test('writes faster than the background work are delayed, then continue', async (context) => {
  await using db = await open(directoryFor(context), {
    memtableBytes: 64 * 1024,
    background: { bytesPerSecond: 16 * 1024 * 1024 },
    compaction: { policy: 'leveled', l0Trigger: 1, l0Slowdown: 2, l0Stop: 3 },
  })
  const stalls: StallEvent[] = []
  db.on('stall', (event) => stalls.push(event))
  for (let i = 0; i < 100; i++) await db.put(`k${i}`, 'v'.repeat(20_000))
  const { count, timeMs } = db.stats().stalls
  assert.equal(count, stalls.length)
  assert.ok(count > 0 && timeMs > 0)
  assert.equal([...db.keys()].length, 100)
})

for (const background of ['inline', 'thread'] as const) {
  test(`a loop of …Sync calls flushes and compacts: ${background}`, async (context) => {
    await using db = await open(directoryFor(context), {
      memtableBytes: 64 * 1024,
      background,
      compaction: { policy: 'leveled', l0Trigger: 1, l0Slowdown: 2, l0Stop: 3 },
    })
    const big = 'v'.repeat(100_000)
    for (let i = 0; i < 1000; i++) db.putSync(`k${i % 100}`, i % 100 === 0 ? big : value)
    const { flushes, compactions } = db.stats()
    assert.ok(flushes.count > 5, `${flushes.count} flushes`)
    assert.ok(compactions.count + compactions.moves > 0)
    assert.equal([...db.keys()].length, 100)
  })
}

test('a loop of …Sync calls ends while a manual compaction waits its turn', async (context) => {
  await using db = await open(directoryFor(context), {
    memtableBytes: 64 * 1024,
    compaction: { policy: 'leveled', l0Trigger: 1, l0Slowdown: 1, l0Stop: 2 },
  })
  for (let i = 0; i < 200; i++) await db.put(`k${i}`, value)
  await db.compact()
  await db.put('k', value)
  const compacted = db.compact()
  while (db.stats().compactions.running === 0) await new Promise(setImmediate)
  for (let i = 0; i < 1000; i++) db.putSync(`k${i}`, value)
  await compacted
  assert.equal([...db.keys()].length, 1001)
})

test('close settles all pending operations', async (context) => {
  const directory = directoryFor(context)
  const options: OpenOptions<'utf8', 'utf8'> = {
    memtableBytes: 64 * 1024,
    cacheBytes: 0,
    coldReads: 'async',
    durability: { intervalMs: 1 },
  }
  for (let round = 0; round < 5; round++) {
    const db = await open(directory, options)
    for (let i = 0; i < 300; i++) void db.put(`k${i}`, `${value}${round}`)
    await db.flush()
    const snapshot = db.snapshot()
    const walk = db.entries()[Symbol.asyncIterator]()
    const open1 = db.entries()[Symbol.iterator]()
    await walk.next()
    const writes = Array.from({ length: 100 }, (_, i) => db.put(`k${i}`, value, { sync: i === 50 }))
    const work = [db.flush(), db.compact(), db.get('k7'), db.getMany(['k1', 'k2']), walk.next()]
    const closing = db.close()
    assert.equal(closing, db.close())
    for (const { status } of await Promise.allSettled(writes)) assert.equal(status, 'fulfilled')
    for (const result of await Promise.allSettled(work)) {
      assert.ok(
        result.status === 'fulfilled' ||
          code('CLOSED')(result.reason) ||
          code('ABORTED')(result.reason),
      )
    }
    await closing
    assert.throws(() => open1.next(), code('CLOSED'))
    await assert.rejects(walk.next(), code('CLOSED'))
    assert.throws(() => snapshot.getSync('k1'), code('CLOSED'))
    snapshot.close()
  }
  await using db = await open(directory)
  assert.equal(db.getSync('k99'), value)
  assert.equal(db.getSync('k299'), `${value}4`)
})

test('the last sequence survives a flush that drops every entry', async () => {
  const options = inMemory()
  {
    await using db = await open('/db', options)
    await db.put('k', '1')
    await db.del('k')
    await db.flush()
    assert.equal(db.stats().tables.count, 0)
  }
  await using db = await open('/db', options)
  assert.equal(db.stats().sequence, 2)
})

test('repeated opens do not accumulate logs', async () => {
  const options = inMemory()
  for (let i = 0; i < 12; i++) await (await open('/db', options)).close()
  const logs = options.fileSystem!.list('/db').filter((name) => name.endsWith('.log'))
  assert.ok(logs.length <= 5, `${logs.length} logs`)
})
