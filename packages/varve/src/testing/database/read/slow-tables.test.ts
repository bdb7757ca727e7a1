import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../base/clock.js'
import { VarveError } from '../../../base/errors.js'
import { Prng } from '../../../base/prng.js'
import type { AnyOpenOptions } from '../../../db/api.js'
import { Database } from '../../../db/database.js'
import { resolveOptions } from '../../../db/options/open-options.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { SlowTableStore, type WaitBefore } from '../../../store/testing/slow-table-store.js'
import { firstSeed } from '../../../base/testing/seed.js'

type TextDatabase = Database<string, string>

interface Setting {
  readonly fileSystem?: MemoryFileSystem
  readonly options?: AnyOpenOptions
  readonly waitBefore?: WaitBefore
}

/** A database whose tables open and read only asynchronously. */
function openSlow(setting: Setting = {}): TextDatabase {
  return openWithStore(setting).db
}

function openWithStore({ fileSystem, options, waitBefore }: Setting): {
  db: TextDatabase
  store: SlowTableStore
} {
  const resolved = resolveOptions({
    fileSystem: fileSystem ?? new MemoryFileSystem(),
    background: 'inline',
    blockBytes: 256,
    ...options,
  })
  let store: SlowTableStore | undefined
  const db: TextDatabase = Database.open('/db', {
    ...resolved,
    newTableStore: (local) => (store = new SlowTableStore(local, waitBefore)),
  })
  return { db, store: store! }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => systemClock.nextTurn(resolve))
const keyOf = (i: number): string => String(i).padStart(4, '0')
const valueOf = (i: number): string => `value of ${i}, long enough to fill blocks`

/** Two levels: even keys deeper, every third key above, one deleted key and one cleared range. */
async function fill(db: TextDatabase, count = 200): Promise<Map<string, string>> {
  const model = new Map<string, string>()
  for (let i = 0; i < count; i++) {
    await db.put(keyOf(i), 'old')
    model.set(keyOf(i), 'old')
  }
  await db.flush()
  await db.compact()
  for (let i = 0; i < count; i += 3) {
    await db.put(keyOf(i), valueOf(i))
    model.set(keyOf(i), valueOf(i))
  }
  await db.del(keyOf(4))
  model.delete(keyOf(4))
  await db.clear({ gte: keyOf(50), lt: keyOf(60) })
  for (let i = 50; i < 60; i++) model.delete(keyOf(i))
  await db.flush()
  return model
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) found.push(one)
  return found
}

for (const coldReads of ['auto', 'sync', 'async'] as const) {
  for (const cacheBytes of [0, 1 << 20]) {
    test(`reads wait: coldReads ${coldReads}, ${cacheBytes} bytes of cache`, async () => {
      await using db = openSlow({ options: { coldReads, cacheBytes } })
      const model = await fill(db)
      const keys = [...model.keys()].sort()
      const entries = keys.map((key) => [key, model.get(key)])
      for (let i = 0; i < 200; i += 7) {
        assert.equal(await db.get(keyOf(i)), model.get(keyOf(i)))
        assert.equal(await db.has(keyOf(i)), model.has(keyOf(i)))
      }
      const wanted = [3, 4, 5, 55, 199, 300].map(keyOf)
      assert.deepEqual(
        await db.getMany(wanted),
        wanted.map((key) => model.get(key)),
      )
      assert.deepEqual(await all(db.entries()), entries)
      assert.deepEqual(await all(db.keys({ reverse: true })), [...keys].reverse())
      assert.deepEqual(
        await all(db.values({ gte: keyOf(45), lt: keyOf(70) })),
        keys.filter((key) => key >= keyOf(45) && key < keyOf(70)).map((key) => model.get(key)),
      )
    })
  }
}

test('many concurrent reads succeed without a cache', async () => {
  await using db = openSlow({ options: { cacheBytes: 0, maxOpenTables: 16 } })
  const model = await fill(db)
  const wanted = Array.from({ length: 200 }, (_, i) => keyOf(i))
  const found = await Promise.all(wanted.map((key) => db.get(key)))
  assert.deepEqual(
    found,
    wanted.map((key) => model.get(key)),
  )
})

test('a read waits as often as necessary and makes progress without a cache', async () => {
  const tableCount = 30
  await using db = openSlow({
    options: { cacheBytes: 0, maxOpenTables: 16, filterBitsPerKey: 0, compaction: lazy },
  })
  for (let i = 0; i < tableCount; i++) {
    await db.batch([
      { type: 'put', key: 'a', value: 'first' },
      ...(i === 0 ? [{ type: 'put' as const, key: 'm', value: 'found' }] : []),
      { type: 'put', key: 'z', value: 'last' },
    ])
    await db.flush()
  }
  assert.equal(db.levels()[0].tables.length, tableCount)
  const [one, ...others] = await Promise.all([1, 2, 3, 4].map(() => db.get('m')))
  assert.equal(one, 'found')
  assert.deepEqual(others, ['found', 'found', 'found'])
})

const lazy = { policy: 'sizeTiered', l0Trigger: 100, l0Slowdown: 200, l0Stop: 300 } as const

test('reads release tables promptly, and close leaves none open', async () => {
  const options = { cacheBytes: 0, maxOpenTables: 16, filterBitsPerKey: 0, compaction: lazy }
  const { db, store } = openWithStore({ options })
  for (let i = 0; i < 30; i++) {
    await db.batch([
      { type: 'put', key: 'a', value: 'first' },
      { type: 'put', key: 'z', value: 'last' },
    ])
    await db.flush()
  }
  assert.equal(await db.get('m'), undefined)
  assert.equal((await all(db.entries())).length, 2)
  assert.ok(store.openFiles > 16, 'reads need more tables than may stay open')
  await db.get('a')
  await db.put('c', 'one more table')
  await db.flush()
  await db.get('c')
  assert.ok(store.openFiles <= 16)
  const unfinished = db.entries()[Symbol.asyncIterator]()
  await unfinished.next()
  assert.throws(() => [...db.keys()], { code: 'UNSUPPORTED' })
  await db.close()
  assert.equal(store.openFiles, 0)
})

test('synchronous reads name the method to use, and work once all is in memory', async () => {
  await using db = openSlow()
  const model = await fill(db)
  const unsupported = (hint: RegExp) => ({ code: 'UNSUPPORTED', message: hint })
  assert.throws(() => db.getSync(keyOf(3)), unsupported(/use get or has instead/))
  assert.throws(() => db.hasSync(keyOf(3)), unsupported(/use get or has instead/))
  assert.throws(() => [...db.keys()], unsupported(/use for await/))
  assert.throws(() => [...db.keys({ reverse: true })], unsupported(/use for await/))
  assert.throws(() => db.explain(keyOf(3)), unsupported(/await get with this key/))
  await db.get(keyOf(3))
  assert.equal(db.getSync(keyOf(3)), model.get(keyOf(3)))
  assert.equal(db.hasSync(keyOf(3)), true)
  assert.equal(db.explain(keyOf(3)).outcome, 'found')
  await all(db.entries())
  assert.deepEqual([...db.keys()].length, model.size)
})

test('entries in memtables need no table', async () => {
  await using db = openSlow({ waitBefore: () => assert.fail('no table is needed') })
  await db.put('key', 'value')
  assert.equal(db.getSync('key'), 'value')
  assert.deepEqual([...db.entries()], [['key', 'value']])
})

test('cursors seek and read in both directions', async () => {
  await using db = openSlow({ options: { cacheBytes: 0 } })
  const model = await fill(db)
  const keys = [...model.keys()].sort()
  using forward = db.cursor({ projection: 'keys' })
  forward.seek(keyOf(51))
  assert.deepEqual(await forward.read(3), [60, 61, 62].map(keyOf))
  forward.seek(keyOf(0))
  assert.deepEqual(await forward.read(1000), keys)
  using backward = db.cursor({ projection: 'keys', reverse: true })
  backward.seek(keyOf(61))
  assert.deepEqual(await backward.read(3), [61, 60, 49].map(keyOf))
})

test('snapshots keep their state through compactions', async () => {
  await using db = openSlow()
  const model = await fill(db)
  using snapshot = db.snapshot()
  for (let i = 0; i < 200; i++) await db.put(keyOf(i), 'new')
  await db.flush()
  await db.compact()
  assert.equal(await snapshot.get(keyOf(4)), undefined)
  assert.equal(await snapshot.get(keyOf(6)), model.get(keyOf(6)))
  assert.deepEqual(await all(snapshot.keys()), [...model.keys()].sort())
  assert.equal(await db.get(keyOf(4)), 'new')
})

test('waiting reads keep their tables while compactions replace them', async () => {
  const gate = new Gate()
  await using db = openSlow({ waitBefore: () => gate.passed, options: { cacheBytes: 0 } })
  gate.open()
  const model = await fill(db)
  gate.shut()
  const reading = db.get(keyOf(6))
  const walking = all(db.entries())
  const { tables } = db.levels()[0]
  await db.put(keyOf(6), 'new')
  await db.flush()
  await db.compact()
  assert.ok(!db.levels()[0].tables.some(({ fileNumber }) => fileNumber === tables[0].fileNumber))
  gate.open()
  assert.equal(await reading, model.get(keyOf(6)))
  assert.equal((await walking).length, model.size)
  assert.equal(await db.get(keyOf(6)), 'new')
})

test('close waits for pending reads and ends iterators', async () => {
  const gate = new Gate()
  const db = openSlow({ waitBefore: () => gate.passed })
  gate.open()
  const model = await fill(db)
  gate.shut()
  const reading = db.get(keyOf(6))
  const many = db.getMany([keyOf(9), keyOf(12)])
  const size = db.approximateSize({ gte: keyOf(20), lt: keyOf(70) })
  const walk = db.entries()[Symbol.asyncIterator]()
  const first = walk.next()
  const cursor = db.cursor()
  const piece = cursor.read(10)
  piece.catch(() => {})
  const closing = db.close()
  await nextTurn()
  gate.open()
  await closing
  assert.equal(await reading, model.get(keyOf(6)))
  assert.deepEqual(await many, [model.get(keyOf(9)), model.get(keyOf(12))])
  assert.ok((await size) > 0)
  assert.deepEqual((await first).value, [keyOf(0), model.get(keyOf(0))])
  await assert.rejects(walk.next(), { code: 'CLOSED' })
  await assert.rejects(piece, { code: 'CLOSED' })
})

test('a failed open or read fails the waiting reads; later ones retry', async () => {
  for (const failing of ['open', 'read'] as const) {
    let isDown = false
    const waitBefore: WaitBefore = async (step) => {
      await nextTurn()
      if (isDown && step === failing) throw new VarveError('IO', 'the bucket is out of reach')
    }
    await using db = openSlow({ waitBefore, options: { cacheBytes: 0 } })
    const model = await fill(db)
    if (failing === 'read') await db.approximateSize({ gte: keyOf(20), lt: keyOf(70) })
    isDown = true
    const unreachable = { code: 'IO', message: /out of reach/ }
    await assert.rejects(db.get(keyOf(3)), unreachable)
    await assert.rejects(db.has(keyOf(3)), unreachable)
    await assert.rejects(db.getMany([keyOf(3), keyOf(6)]), unreachable)
    await assert.rejects(all(db.entries()), unreachable)
    await assert.rejects(all(db.keys({ reverse: true })), unreachable)
    await assert.rejects(db.cursor().read(5), unreachable)
    isDown = false
    assert.equal(await db.get(keyOf(3)), model.get(keyOf(3)))
    assert.equal((await all(db.entries())).length, model.size)
  }
})

test('approximate sizes open the tables that they need', async () => {
  const fileSystem = new MemoryFileSystem()
  const ranges = [{}, { gte: keyOf(20), lt: keyOf(70) }, { lt: keyOf(9) }]
  const db = openSlow({ fileSystem })
  await fill(db)
  const sizes = await Promise.all(ranges.map((range) => db.approximateSize(range)))
  await db.close()
  const options = resolveOptions({ fileSystem, background: 'inline' })
  await using plain: TextDatabase = Database.open('/db', options)
  const expected = await Promise.all(ranges.map((range) => plain.approximateSize(range)))
  assert.deepEqual(sizes, expected)
})

test('checkpoints and backups work with asynchronous tables', async () => {
  const fileSystem = new MemoryFileSystem()
  await using db = openSlow({ fileSystem })
  const model = await fill(db)
  await db.checkpoint('/copy')
  await db.backup('/backups')
  await using copy: TextDatabase = Database.open(
    '/copy',
    resolveOptions({ fileSystem, background: 'inline' }),
  )
  assert.equal([...copy.keys()].length, model.size)
})

test('range deletes in asynchronous tables are analysed', async () => {
  await using db = openSlow()
  for (let i = 0; i < 200; i++) await db.put(keyOf(i), valueOf(i))
  await db.flush()
  await db.compact()
  const before = db.levels().flatMap(({ tables }) => tables)
  await db.clear({ gte: keyOf(0), lt: keyOf(500) })
  await db.flush()
  for (let turn = 0; turn < 200 && hasTable(db, before[0].fileNumber); turn++) await nextTurn()
  assert.ok(!hasTable(db, before[0].fileNumber), 'a table without live entries is dropped')
})

function hasTable(db: TextDatabase, wanted: number): boolean {
  return db.levels().some(({ tables }) => tables.some(({ fileNumber }) => fileNumber === wanted))
}

test('random operations give the same answers as on an ordinary database', async () => {
  const seed = firstSeed()
  for (let round = 0; round < 6; round++) {
    const random = new Prng(seed + round)
    const options: AnyOpenOptions = {
      memtableBytes: 16 * 1024,
      cacheBytes: random.pick([0, 4096, 1 << 20]),
      maxOpenTables: 16,
      tableBytes: 8192,
      coldReads: random.pick(['auto', 'sync', 'async'] as const),
      filterBitsPerKey: random.pick([0, 10]),
    }
    await using slow = openSlow({ options: { ...options, blockBytes: 256 } })
    await using plain: TextDatabase = Database.open(
      '/db',
      resolveOptions({
        fileSystem: new MemoryFileSystem(),
        background: 'inline',
        blockBytes: 256,
        ...options,
      }),
    )
    for (let step = 0; step < 400; step++) {
      const where = `seed ${seed}, round ${round}, step ${step}`
      await compareStep(random, slow, plain, where)
    }
  }
})

async function compareStep(
  random: Prng,
  slow: TextDatabase,
  plain: TextDatabase,
  where: string,
): Promise<void> {
  const key = keyOf(random.below(300))
  const bounds = [random.below(300), random.below(300)].sort((a, b) => a - b).map(keyOf)
  const range = { gte: bounds[0], lt: bounds[1] }
  const choice = random.below(100)
  if (choice < 55) {
    const value = `${step(random)} ${'x'.repeat(random.below(200))}`
    await Promise.all([slow.put(key, value), plain.put(key, value)])
  } else if (choice < 60) await Promise.all([slow.del(key), plain.del(key)])
  else if (choice < 63) {
    const short = { gte: key, lt: keyOf(Number(key) + random.below(20) + 1) }
    await Promise.all([slow.clear(short), plain.clear(short)])
  } else if (choice < 66) await Promise.all([slow.flush(), plain.flush()])
  else if (choice < 67) await Promise.all([slow.compact(range), plain.compact(range)])
  else if (choice < 85) {
    const keys = Array.from({ length: 5 }, () => keyOf(random.below(300)))
    assert.deepEqual(await slow.getMany(keys), await plain.getMany(keys), where)
    assert.equal(await slow.has(key), await plain.has(key), where)
  } else {
    const scan = { ...range, reverse: random.chance(0.5), limit: random.pick([3, 1000]) }
    assert.deepEqual(await all(slow.entries(scan)), [...plain.entries(scan)], where)
  }
}

function step(random: Prng): string {
  return String(random.below(1_000_000))
}

/** Lets all operations through, or none. */
class Gate {
  passed: Promise<void> = Promise.resolve()
  private letThrough: () => void = () => {}

  shut(): void {
    this.passed = new Promise((resolve) => (this.letThrough = resolve))
  }

  open(): void {
    this.letThrough()
    this.passed = Promise.resolve()
  }
}
