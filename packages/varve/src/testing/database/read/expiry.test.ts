import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../../base/errors.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { type Database, open } from '../../../index.js'
import { nextTurn } from '../../campaigns/simulation/virtual-time.js'
import { passingClock } from '../../kit/passing-clock.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import type { OpenOptions, PutOptions } from '../../../db/api.js'

type Texts = Database<string, string>

/** In memory. Only the test advances the time and starts compactions. */
function still(clock: VirtualClock, others: OpenOptions = {}): OpenOptions {
  return { fileSystem: new MemoryFileSystem(), background: 'inline', clock, ...others }
}

/** Reads the database in all ways, which must agree. */
async function read(
  db: Pick<Texts, 'getSync' | 'entries' | 'keys' | 'cursor'> & Texts,
  keys: string[],
) {
  const found = keys.map((key) => [key, db.getSync(key)] as const)
  const alive = found.filter(([, value]) => value !== undefined)
  assert.deepEqual(
    await Promise.all(keys.map((key) => db.get(key))),
    found.map(([, v]) => v),
  )
  assert.deepEqual(
    await db.getMany(keys),
    found.map(([, value]) => value),
  )
  for (const [key, value] of found) {
    assert.equal(db.hasSync(key), value !== undefined)
    assert.equal(await db.has(key), value !== undefined)
  }
  assert.deepEqual([...db.entries()], alive)
  assert.deepEqual([...db.entries({ reverse: true })].reverse(), alive)
  assert.deepEqual(
    [...db.keys()],
    alive.map(([key]) => key),
  )
  const came: [string, string][] = []
  for await (const entry of db.entries()) came.push(entry)
  assert.deepEqual(came, alive)
  using cursor = db.cursor()
  assert.deepEqual(await cursor.read(100), alive)
  return Object.fromEntries(alive)
}

for (const coldReads of ['sync', 'async'] as const) {
  test(`an entry lives exactly as long as its ttl: ${coldReads} reads`, async () => {
    const clock = new VirtualClock()
    await using db = await open('/db', still(clock, { cacheBytes: 0, coldReads }))
    const keys = ['a', 'b', 'c', 'd', 'e']
    await db.put('a', '1')
    await db.put('b', '', { ttlMs: 10 })
    db.putSync('c', '3', { ttlMs: 20, sync: true })
    await db.batch([
      { type: 'put', key: 'd', value: '4', ttlMs: 20.5 },
      { type: 'put', key: 'e', value: '5' },
    ])
    using snapshot = db.snapshot()
    for (const flush of [false, true]) {
      if (flush) await db.flush()
      assert.deepEqual(await read(db, keys), { a: '1', b: '', c: '3', d: '4', e: '5' })
    }
    assert.equal(snapshot.getSync('b'), '')
    clock.advance(9)
    assert.equal(db.getSync('b'), '')
    clock.advance(1)
    assert.deepEqual(await read(db, keys), { a: '1', c: '3', d: '4', e: '5' })
    assert.equal(snapshot.getSync('b'), undefined, 'entries expire for snapshots too')
    assert.deepEqual([...snapshot.keys()], ['a', 'c', 'd', 'e'])
    clock.advance(10)
    assert.deepEqual(await read(db, keys), { a: '1', d: '4', e: '5' })
    clock.advance(1)
    assert.deepEqual(await read(db, keys), { a: '1', e: '5' })
    await db.put('b', 'again')
    await db.put('c', 'again', { ttlMs: 5 })
    assert.deepEqual(await read(db, keys), { a: '1', b: 'again', c: 'again', e: '5' })
  })
}

test('an expired entry acts as a delete: no reader sees an older version', async () => {
  for (const others of [{}, { compaction: { policy: 'sizeTiered', l0Trigger: 2 } } as const]) {
    const clock = new VirtualClock()
    const options = still(clock, others)
    let db = await open('/db', options)
    await db.put('k', 'old')
    await db.put('other', 'stays')
    const before = db.snapshot()
    await db.flush()
    await db.compact()
    await db.put('k', 'new', { ttlMs: 100 })
    const between = db.snapshot()
    await db.put('later', 'x')
    const check = (): void => {
      assert.equal(db.getSync('k'), undefined)
      assert.deepEqual([...db.keys()], ['later', 'other'])
      assert.equal(before.getSync('k'), 'old')
      assert.equal(between.getSync('k'), undefined)
      assert.deepEqual([...between.keys({ reverse: true })], ['other'])
    }
    clock.advance(100)
    check()
    await db.flush()
    check()
    await db.compact()
    check()
    before.close()
    between.close()
    await db.compact()
    assert.equal(db.getSync('k'), undefined)
    const [table] = db.levels().flatMap(({ tables }) => tables)
    assert.equal(table.expiringCount, 0)
    await db.close()
    db = await open('/db', { ...options, readOnly: true })
    assert.deepEqual(
      [...db.entries()],
      [
        ['later', 'x'],
        ['other', 'stays'],
      ],
    )
    await db.close()
  }
})

test('an iterator keeps the time of its start through compactions', async () => {
  const clock = new VirtualClock()
  await using db = await open('/db', still(clock))
  for (let i = 0; i < 9; i++) await db.put(`k${i}`, 'v', { ttlMs: 50 })
  await db.flush()
  const walk = db.keys()[Symbol.iterator]()
  using cursor = db.cursor({ projection: 'keys' })
  assert.equal(walk.next().value, 'k0')
  assert.deepEqual(await cursor.read(2), ['k0', 'k1'])
  clock.advance(50)
  await db.compact()
  assert.deepEqual(db.stats().tables.count, 0)
  assert.equal([...walk].length, 8)
  cursor.seek('k3')
  assert.equal((await cursor.read(100)).length, 6)
  assert.deepEqual([...db.keys()], [])
})

test('reopening and replay change nothing; explain and levels show the expiry', async () => {
  const clock = new VirtualClock()
  const options = still(clock)
  {
    await using db = await open('/db', options)
    await db.put('logged', 'v', { ttlMs: 1000 })
  }
  {
    await using db = await open('/db', options)
    assert.equal(db.getSync('logged'), 'v')
    await db.flush()
    await db.put('logged 2', 'v', { ttlMs: 1 })
    assert.equal(db.stats().bytes.user, 'logged 2v'.length)
  }
  await using db = await open('/db', { ...options, paranoid: true })
  const [table] = db.levels().flatMap(({ tables }) => tables)
  assert.deepEqual([table.expiringCount, table.lastExpiryMs], [1, clock.wallMs() + 1000])
  assert.equal(db.explain('logged').outcome, 'found')
  clock.sleepSync(1000)
  assert.equal(db.explain('logged').outcome, 'expired')
  assert.deepEqual([...db.keys()], [])
})

test('a fully expired table is dropped without a write', async () => {
  const clock = new VirtualClock()
  await using db = await open('/db', still(clock))
  const reasons: string[] = []
  db.on('compaction', ({ kind, reason }) => reasons.push(`${kind}: ${reason}`))
  await db.put('a', '1', { ttlMs: 5000 })
  await db.put('b', '2', { ttlMs: 90_000 })
  await db.flush()
  using snapshot = db.snapshot()
  for (let i = 0; i < 89; i++) clock.advance(1000)
  assert.deepEqual([...db.keys()], ['b'])
  assert.equal(db.stats().tables.count, 1)
  for (let i = 0; i < 5; i++) clock.advance(1000)
  await nextTurn()
  assert.deepEqual(reasons, ['drop: every entry has expired'])
  assert.equal(db.stats().tables.count, 0)
  assert.deepEqual([...snapshot.keys()], [])
})

test('an expired table stays while it hides older entries', async () => {
  const clock = new VirtualClock()
  const compaction = { policy: 'leveled', l0Trigger: 4, garbageShare: Infinity } as const
  await using db = await open('/db', still(clock, { compaction }))
  await db.put('k', 'old')
  await db.flush()
  await db.put('k', 'new', { ttlMs: 5000 })
  await db.flush()
  for (let i = 0; i < 10; i++) clock.advance(1000)
  await nextTurn()
  assert.equal(db.stats().tables.count, 2)
  assert.equal(db.getSync('k'), undefined)
  assert.deepEqual([...db.keys()], [])
})

test('entries that expire in part of a table give their space back', async () => {
  const clock = new VirtualClock()
  await using db = await open('/db', still(clock))
  const value = 'v'.repeat(100)
  for (let i = 0; i < 300; i++) await db.put(`k${i}`, value, i % 3 === 0 ? { ttlMs: 5000 } : {})
  await db.flush()
  await db.compact()
  const { sizeBytes } = db.stats().tables
  for (let i = 0; i < 10; i++) clock.advance(1000)
  await nextTurn()
  const { tables, compactions } = db.stats()
  assert.equal(compactions.drops, 0)
  assert.ok(tables.sizeBytes < 0.75 * sizeBytes, `${tables.sizeBytes} of ${sizeBytes} bytes`)
  assert.equal([...db.keys()].length, 200)
})

test('an invalid ttl is refused and leaves no trace', async () => {
  await using db = await open('/db', still(new VirtualClock()))
  const isRefused = (error: unknown): boolean =>
    error instanceof VarveError && error.code === 'INVALID_ARGUMENT' && error.option === 'ttlMs'
  for (const ttlMs of [0, -1, NaN, Infinity, 2 ** 46 + 1, '5', null, 5n]) {
    const options = { ttlMs } as PutOptions
    assert.throws(() => db.putSync('k', 'v', options), isRefused)
    await assert.rejects(db.put('k', 'v', options), isRefused)
    const operations = [
      { type: 'put', key: 'a', value: '' },
      { type: 'put', key: 'k', value: '', ttlMs },
    ]
    assert.throws(() => db.batchSync(operations as never), isRefused)
  }
  assert.throws(() => db.delSync('k', { ttlMs: 1 } as never), isRefused)
  assert.equal(db.stats().sequence, 0)
  await db.put('k', 'v', { ttlMs: 2 ** 46 })
  assert.equal(db.getSync('k'), 'v')
})

test('with a clock before 1970, puts that would expire before 1970 are refused', async () => {
  let nowMs = -5000
  const clock = { ...passingClock(0), wallMs: () => nowMs }
  await using db = await open('/db', {
    fileSystem: new MemoryFileSystem(),
    background: 'inline',
    clock,
  })
  const refused = {
    code: 'INVALID_ARGUMENT',
    option: 'ttlMs',
    message: /clock, but .* before 1970/,
  }
  await assert.rejects(db.put('k', 'v', { ttlMs: 4000 }), refused)
  assert.throws(() => db.putSync('k', 'v', { ttlMs: 4000 }), refused)
  const operation = { type: 'put', key: 'k', value: 'v', ttlMs: 4000 } as const
  await assert.rejects(db.batch([operation]), { ...refused, index: 0 })
  nowMs = NaN
  await assert.rejects(db.put('k', 'v', { ttlMs: 4000 }), { option: 'ttlMs' })
  nowMs = -5000
  await db.put('k', 'v', { ttlMs: 6000 })
  assert.equal(await db.get('k'), 'v')
  nowMs = 1000
  assert.equal(await db.get('k'), undefined)
})
