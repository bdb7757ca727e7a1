import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemClock } from '../../../base/clock.js'
import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { type Database, open, type OpenOptions } from '../../../index.js'

const conflict = { code: 'CONFLICT' }

function openNumbers(
  options: OpenOptions<'utf8', 'json'> = {},
): Promise<Database<string, unknown>> {
  return open('/db', {
    fileSystem: new MemoryFileSystem(),
    background: 'inline',
    valueEncoding: 'json',
    ...options,
  })
}

test('reads its own writes, in every way of reading', async () => {
  await using db = await openNumbers()
  await db.batch(['a', 'b', 'c', 'd'].map((key) => ({ type: 'put', key, value: key })))
  const tx = db.begin()
  await tx.put('b', 'own')
  await tx.del('c')
  await tx.put('e', 'new')
  assert.deepEqual(await tx.getMany(['a', 'b', 'c', 'e']), ['a', 'own', undefined, 'new'])
  assert.deepEqual([tx.getSync('b'), tx.hasSync('c'), await tx.has('e')], ['own', false, true])
  const seen = [
    ['a', 'a'],
    ['b', 'own'],
    ['d', 'd'],
    ['e', 'new'],
  ]
  assert.deepEqual([...tx.entries()], seen)
  assert.deepEqual([...tx.entries({ reverse: true })], seen.toReversed())
  assert.deepEqual([...tx.keys({ gt: 'a', lt: 'e' })], ['b', 'd'])
  assert.deepEqual([...tx.keys({ gt: 'a', lt: 'e', reverse: true })], ['d', 'b'])
  using cursor = tx.cursor({ projection: 'keys' })
  cursor.seek('c')
  assert.deepEqual(await cursor.read(9), ['d', 'e'])
  cursor.seek('b')
  assert.deepEqual(await cursor.read(1), ['b'])
  assert.deepEqual([...db.keys()], ['a', 'b', 'c', 'd'], 'other readers do not see them')
  await tx.commit()
  assert.deepEqual([...db.entries()], seen)
})

test('clears ranges under later writes', async () => {
  await using db = await openNumbers()
  await db.batch(['a', 'b', 'c', 'd'].map((key) => ({ type: 'put', key, value: 1 })))
  await db.transaction(async (tx) => {
    await tx.put('b', 2)
    await tx.clear({ gte: 'b', lt: 'd' })
    assert.deepEqual([...tx.keys()], ['a', 'd'])
    await tx.put('c', 3)
    assert.deepEqual([...tx.keys({ reverse: true })], ['d', 'c', 'a'])
    assert.equal(tx.getSync('b'), undefined)
  })
  assert.deepEqual(
    [...db.entries()],
    [
      ['a', 1],
      ['c', 3],
      ['d', 1],
    ],
  )
})

test('values of a transaction expire', async () => {
  let nowMs = 1_000_000
  await using db = await openNumbers({ clock: { ...systemClock, wallMs: () => nowMs } })
  const tx = db.begin()
  await tx.put('a', 1, { ttlMs: 100 })
  assert.equal(tx.getSync('a'), 1)
  nowMs += 100
  assert.deepEqual([tx.getSync('a'), [...tx.keys()]], [undefined, []])
  await tx.commit()
  assert.equal(await db.get('a'), undefined)
})

test('savepoints take writes back, in any order of writes and clears', async () => {
  await using db = await openNumbers()
  await db.put('a', 0)
  const tx = db.begin()
  const start = tx.savepoint()
  await tx.put('a', 1)
  const second = tx.savepoint()
  await tx.put('b', 2)
  await tx.clear()
  await tx.put('c', 3)
  assert.deepEqual([...tx.keys()], ['c'])
  second.rollback()
  assert.deepEqual([...tx.entries()], [['a', 1]])
  start.rollback()
  assert.deepEqual([...tx.entries()], [['a', 0]])
  await tx.commit()
  assert.throws(() => start.rollback(), { code: 'CLOSED' })
})

// The anomalies of Adya's thesis (1999), and those that snapshot isolation allows.
const anomalies: Record<string, (db: Database<string, unknown>) => Promise<void>> = {
  async 'G0: interleaved writes of two transactions'(db) {
    const [one, two] = [db.begin(), db.begin()]
    await one.put('x', 'one')
    await two.put('x', 'two')
    await two.put('y', 'two')
    await one.put('y', 'one')
    await Promise.all([one.commit(), two.commit()])
    assert.equal(await db.get('x'), await db.get('y'))
  },
  async 'G1a: a read of a write that is rolled back'(db) {
    const writer = db.begin()
    await writer.put('x', 'dirty')
    assert.equal(await db.begin().get('x'), 0)
    writer.rollback()
    assert.equal(await db.get('x'), 0)
  },
  async 'G1b: a read of an intermediate write'(db) {
    const writer = db.begin()
    await writer.put('x', 'first')
    const reader = db.begin()
    assert.equal(await reader.get('x'), 0)
    await writer.put('x', 'last')
    await writer.commit()
    assert.equal(await reader.get('x'), 0)
    reader.rollback()
    assert.equal(await db.get('x'), 'last')
  },
  async 'G1c: two transactions that read each other'(db) {
    const [one, two] = [db.begin(), db.begin()]
    await one.put('x', 1)
    await two.put('y', 2)
    assert.deepEqual([await one.get('y'), await two.get('x')], [0, 0])
    await one.commit()
    await assert.rejects(two.commit(), conflict)
  },
  async 'lost update'(db) {
    const [one, two] = [db.begin(), db.begin()]
    await one.put('x', ((await one.get('x')) as number) + 1)
    await two.put('x', ((await two.get('x')) as number) + 1)
    await one.commit()
    await assert.rejects(two.commit(), { ...conflict, key: 'x' })
  },
  async 'write skew'(db) {
    const [one, two] = [db.begin(), db.begin()]
    const sum = async (tx: typeof one): Promise<number> =>
      ((await tx.get('x')) as number) + ((await tx.get('y')) as number)
    assert.deepEqual([await sum(one), await sum(two)], [0, 0])
    await one.put('x', -1)
    await two.put('y', -1)
    await Promise.allSettled([one.commit(), two.commit()])
    assert.equal((await sum(db.begin())) > -2, true)
  },
  async 'phantom: a key that was absent'(db) {
    const tx = db.begin()
    assert.equal(await tx.get('new'), undefined)
    await db.put('new', 1)
    await tx.put('x', 'absent')
    await assert.rejects(tx.commit(), { ...conflict, key: 'new' })
  },
  async 'phantom: a key in a range'(db) {
    const tx = db.begin()
    assert.equal([...tx.keys({ prefix: 'job:' })].length, 0)
    await db.put('job:1', 1)
    await tx.put('x', 'no jobs')
    await assert.rejects(tx.commit(), { ...conflict, key: 'job:1' })
  },
  async 'phantom: a range that is cleared'(db) {
    const tx = db.begin()
    assert.equal(await tx.get('y'), 0)
    await db.clear({ gte: 'x', lte: 'z' })
    await tx.put('other', 1)
    await assert.rejects(tx.commit(), { ...conflict, key: 'y' })
  },
  async 'read-only anomaly'(db) {
    // Fekete, O'Neil and O'Neil (2004): a deposit to y, and a withdrawal from x that pays a fee if
    // x + y is below 0. A report between the two sees the deposit without the fee.
    const withdrawal = db.begin()
    const sum = ((await withdrawal.get('x')) as number) + ((await withdrawal.get('y')) as number)
    await db.transaction(async (tx) => tx.put('y', ((await tx.get('y')) as number) + 20))
    const report = db.begin()
    assert.deepEqual(await report.getMany(['x', 'y']), [0, 20])
    await report.commit()
    await withdrawal.put('x', sum - 10 < 0 ? -11 : -10)
    await assert.rejects(withdrawal.commit(), { ...conflict, key: 'y' })
  },
}

for (const [name, provoke] of Object.entries(anomalies)) {
  for (const durability of ['os', 'sync'] as const) {
    test(`${name}, durability '${durability}'`, async () => {
      await using db = await openNumbers({ durability })
      await db.batch([
        { type: 'put', key: 'x', value: 0 },
        { type: 'put', key: 'y', value: 0 },
      ])
      await provoke(db)
    })
  }
}

test('conflicts with earlier writes of its own group, not with later ones', async () => {
  await using db = await openNumbers()
  await db.put('x', 0)
  const tx = db.begin()
  await tx.get('x')
  await tx.put('y', 1)
  const before = db.put('x', 1)
  const refused = tx.commit()
  await before
  await assert.rejects(refused, conflict)

  const next = db.begin()
  await next.get('x')
  await next.put('y', 2)
  const committed = next.commit()
  await committed
  await db.put('x', 2)
  assert.equal(await db.get('y'), 2)
})

test('a conflict fails its own transaction only', async () => {
  await using db = await openNumbers({ durability: 'sync' })
  await db.put('x', 0)
  const racers = Array.from({ length: 8 }, () => db.begin())
  for (const [i, tx] of racers.entries()) await tx.put('x', (tx.getSync('x') as number) + i + 1)
  const bystander = db.begin()
  await bystander.put('other', 1)
  const commits = [...racers, bystander].map((tx) => tx.commit())
  const put = db.put('plain', 1)
  const results = await Promise.allSettled([...commits, put])
  const fulfilled = results.map(({ status }) => status === 'fulfilled')
  assert.equal(fulfilled.slice(0, 8).filter(Boolean).length, 1)
  assert.deepEqual(fulfilled.slice(8), [true, true])
  assert.equal(db.stats().transactions.conflicts, 7)
})

test('a range that an iterator has not reached does not conflict', async () => {
  await using db = await openNumbers()
  await db.batch(['a', 'b', 'c', 'd'].map((key) => ({ type: 'put', key, value: 1 })))
  for (const reverse of [false, true]) {
    const first = db.begin()
    assert.deepEqual([...first.keys({ limit: 1, reverse })], [reverse ? 'd' : 'a'])
    await db.put(reverse ? 'a' : 'd', 2)
    await first.put('x', 1)
    await first.commit()
    const passed = db.begin()
    assert.equal([...passed.keys({ limit: 3, reverse })].length, 3)
    await db.put(reverse ? 'c' : 'b', 2)
    await passed.put('x', 2)
    await assert.rejects(passed.commit(), conflict)
    await db.del('x')
  }
})

test('a transaction that only reads never conflicts', async () => {
  await using db = await openNumbers()
  await db.put('x', 0)
  const tx = db.begin()
  assert.deepEqual([...tx.entries()], [['x', 0]])
  await db.put('x', 1)
  assert.equal(await tx.get('x'), 0)
  await tx.commit()
})

test('sees neither a group that is being synced nor misses its conflict', async () => {
  await using db = await openNumbers({ durability: 'sync' })
  await db.put('x', 0)
  const syncing = db.put('x', 1)
  await Promise.resolve()
  const tx = db.begin()
  const seen = tx.getSync('x')
  await syncing
  await tx.put('y', seen)
  if (seen === 0) await assert.rejects(tx.commit(), conflict)
  else await tx.commit()
})

test('transaction() retries conflicts, and reports them when retries run out', async () => {
  await using db = await openNumbers()
  await db.put('n', 0)
  const add = (): Promise<void> =>
    db.transaction(
      async (tx) => {
        const n = (await tx.get('n')) as number
        await nextTurn()
        await tx.put('n', n + 1)
      },
      { retries: 100 },
    )
  await Promise.all(Array.from({ length: 20 }, add))
  assert.equal(await db.get('n'), 20)
  let runs = 0
  const doomed = db.transaction(
    async (tx) => {
      runs++
      await tx.get('n')
      await db.put('n', runs)
      await tx.put('other', 1)
    },
    { retries: 2 },
  )
  await assert.rejects(doomed, { ...conflict, key: 'n' })
  assert.equal(runs, 3)
})

test('what the work throws rolls back, and ends the transaction', async () => {
  await using db = await openNumbers()
  const failure = new Error('no')
  let kept: { get(key: string): Promise<unknown> } | undefined
  const failing = db.transaction(async (tx) => {
    kept = tx
    await tx.put('x', 1)
    throw failure
  })
  await assert.rejects(failing, (error) => error === failure)
  assert.equal(await db.get('x'), undefined)
  await assert.rejects(kept!.get('x'), { code: 'CLOSED' })
  assert.equal(db.stats().transactions.open, 0)
  const signal = AbortSignal.abort()
  await assert.rejects(
    db.transaction(() => 1, { signal }),
    { code: 'ABORTED' },
  )
  await assert.rejects(
    db.transaction(() => 1, { retrys: 1 } as never),
    /did you mean 'retries'/,
  )
})

test('an abort ends the wait for the next run', async () => {
  const controller = new AbortController()
  const clock = { ...systemClock, awaited: () => () => {} }
  await using db = await openNumbers({ clock })
  const doomed = db.transaction(
    async (tx) => {
      await tx.get('n')
      await db.put('n', 1)
      await tx.put('other', 1)
      setTimeout(() => controller.abort(), 1)
    },
    { signal: controller.signal },
  )
  await assert.rejects(doomed, { code: 'ABORTED' })
})

test('transactionSync commits before it returns, after everything submitted', async () => {
  await using db = await openNumbers({ durability: 'sync' })
  void db.put('n', 1)
  const result = db.transactionSync((tx) => {
    const n = tx.getSync('n') as number
    tx.putSync('n', n + 1)
    return n
  })
  assert.deepEqual([result, db.getSync('n')], [1, 2])
  assert.throws(() => db.transactionSync(async () => {}), { code: 'INVALID_ARGUMENT' })
  assert.throws(() =>
    db.transactionSync((tx) => {
      tx.putSync('n', 0)
      throw new Error('no')
    }),
  )
  assert.equal(db.getSync('n'), 2)
})

test('atomic() checks versions', async () => {
  await using db = await openNumbers()
  const create = (value: number): Promise<void> =>
    db.atomic().check('user', null).put('user', value).commit()
  const results = await Promise.allSettled([create(1), create(2), create(3)])
  assert.deepEqual(results.filter(({ status }) => status === 'fulfilled').length, 1)
  const { value, version } = await db.getWithVersion('user')
  assert.equal(value, 1)
  await db.atomic().check('user', version).put('user', 5).del('other').commit()
  const stale = db.atomic().check('user', version).put('user', 6).commit()
  await assert.rejects(stale, { ...conflict, key: 'user' })
  assert.equal(await db.get('user'), 5)
  assert.deepEqual(await db.getWithVersion('other'), { value: undefined, version: null })
})

test('the memory of a transaction is bounded and reported', async () => {
  await using db = await openNumbers({ maxTransactionBytes: 64 * 1024 })
  const tx = db.begin()
  const value = 'x'.repeat(10_000)
  for (let i = 0; i < 6; i++) await tx.put(`key ${i}`, value)
  assert.ok(db.stats().transactions.memoryBytes > 60_000)
  const tooLarge = { code: 'INVALID_ARGUMENT', option: 'maxTransactionBytes' }
  await assert.rejects(tx.put('key 6', value), tooLarge)
  await tx.commit()
  assert.equal([...db.keys()].length, 6)
  const reader = db.begin()
  await assert.rejects(async () => {
    for (let i = 0; i < 10_000; i++) await reader.get(`absent ${i}`)
  }, tooLarge)
  reader.rollback()
  assert.deepEqual(db.stats().transactions, { open: 0, commits: 1, conflicts: 0, memoryBytes: 0 })
})

test('a failed commit leaves no trace, and no false conflict', async () => {
  const fileSystem = new FaultyFileSystem(new MemoryFileSystem())
  await using db = await openNumbers({ fileSystem })
  await db.put('x', 0)
  const old = db.begin()
  await old.get('x')
  const failing = db.begin()
  await failing.put('x', 1)
  fileSystem.faultFor = ({ kind }) => (kind === 'append' ? { systemCode: 'ENOSPC' } : undefined)
  await assert.rejects(failing.commit(), { code: 'IO' })
  await assert.rejects(db.put('x', 2), { code: 'IO' })
  fileSystem.faultFor = () => undefined
  await old.put('y', 1)
  await old.commit()
  assert.deepEqual(
    [...db.entries()],
    [
      ['x', 0],
      ['y', 1],
    ],
  )
})

test('ends with its database', async () => {
  const db = await openNumbers()
  const tx = db.begin()
  await tx.put('x', 1)
  const committed = tx.commit()
  await db.close()
  await committed
  await assert.rejects(
    db.transaction(() => 1),
    { code: 'CLOSED' },
  )
})

test('spans keyspaces, with their encodings and time to live', async () => {
  let nowMs = 1_000_000
  await using db = await openNumbers({ clock: { ...systemClock, wallMs: () => nowMs } })
  const users = await db.keyspace('users', { valueEncoding: 'utf8', ttlMs: 1000 })
  await db.transaction(async (tx) => {
    await tx.put('count', 1)
    const inUsers = tx.keyspace(users)
    await inUsers.put('ann', 'Ann')
    assert.deepEqual([inUsers.getSync('ann'), tx.getSync('ann')], ['Ann', undefined])
    assert.equal(users.getSync('ann'), undefined)
  })
  assert.deepEqual([db.getSync('count'), users.getSync('ann')], [1, 'Ann'])
  nowMs += 1000
  assert.equal(users.getSync('ann'), undefined)

  const one = db.begin()
  assert.equal(one.keyspace(users).getSync('bob'), undefined)
  await one.put('count', 2)
  await db.put('bob', 'of the default keyspace')
  const same = db.begin()
  await same.keyspace(users).get('bob')
  await same.put('other', 1)
  await users.put('bob', 'Bob')
  await assert.rejects(one.commit(), { ...conflict, key: 'bob' })
  await assert.rejects(same.commit(), conflict)
  assert.equal(db.getSync('count'), 1)
  await using other = await openNumbers({ fileSystem: new MemoryFileSystem() })
  assert.throws(() => other.begin().keyspace(users), { code: 'INVALID_ARGUMENT' })
})

test('a batch of a transaction reaches the keyspaces that its operations name, whole', async () => {
  await using db = await openNumbers()
  const users = await db.keyspace('users')
  const tx = db.begin()
  await tx.batch([
    { type: 'put', key: 'count', value: 1 },
    { keyspace: users, type: 'put', key: 'ann', value: 'Ann' },
  ])
  const bad = [
    { type: 'put', key: 'count', value: 2 },
    { keyspace: users, type: 'del', key: '' },
  ] as const
  await assert.rejects(tx.batch(bad), { code: 'INVALID_ARGUMENT', index: 1 })
  assert.deepEqual([...tx.entries()], [['count', 1]])
  await tx.commit()
  assert.deepEqual([db.getSync('count'), users.getSync('ann')], [1, 'Ann'])
})

test('a transaction that wrote to a keyspace which was dropped fails as a whole', async () => {
  await using db = await openNumbers()
  const users = await db.keyspace('users')
  const tx = db.begin()
  await tx.put('count', 1)
  await tx.keyspace(users).put('ann', 1)
  await users.drop()
  await assert.rejects(tx.commit(), { code: 'CLOSED' })
  assert.equal(await db.get('count'), undefined)
})
