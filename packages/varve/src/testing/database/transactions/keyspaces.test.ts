import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { json, open } from '../../../index.js'
import { repair, verify } from '../../../tools/index.js'
import type { AnyOpenOptions } from '../../../db/api.js'

const directory = '/db'
/** A crash of the process. */
const kill = { unsynced: 'all', prng: new Prng(1), sectorBytes: 512 } as const
const powerLoss = { ...kill, unsynced: 'none' } as const

function optionsOn(fileSystem: MemoryFileSystem) {
  return { fileSystem, background: 'inline' } as const
}

async function newDatabase(more: AnyOpenOptions = {}) {
  const fileSystem = new MemoryFileSystem()
  const options = { ...optionsOn(fileSystem), ...more } as const
  return { fileSystem, options, db: await open(directory, options) }
}

const filesOf = (fs: MemoryFileSystem, ending: string): string[] =>
  fs.list(directory).filter((name) => name.endsWith(ending))

test('keyspaces have their own keys, and survive a crash, a flush and a close', async () => {
  const { fileSystem, options, db } = await newDatabase()
  const users = await db.keyspace('users', { valueEncoding: json<{ age: number }>() })
  const empty = await db.keyspace('empty')
  await db.put('ann', 'in the default keyspace')
  await users.put('ann', { age: 41 })
  users.putSync('bob', { age: 7 })
  await users.del('bob')
  assert.equal(await empty.get('ann'), undefined)

  const check = async (fs: MemoryFileSystem): Promise<void> => {
    const again = await open(directory, { ...options, ...optionsOn(fs) })
    const same = await again.keyspace('users', { valueEncoding: json<{ age: number }>() })
    assert.deepEqual([...same.entries()], [['ann', { age: 41 }]])
    assert.deepEqual([...again.entries()], [['ann', 'in the default keyspace']])
    assert.deepEqual(
      again.keyspaces().map(({ name }) => name),
      ['users', 'empty'],
    )
    await again.close()
  }
  await check(fileSystem.crashClone(kill))
  await users.flush()
  assert.equal(filesOf(fileSystem, '.sst').length, 1)
  assert.equal(users.levels()[0]?.tables.length, 1)
  assert.equal(db.levels()[0]?.tables.length, 0)
  await check(fileSystem.crashClone(kill))
  await db.flush()
  await users.put('carl', { age: 1 })
  await users.del('carl')
  await users.compact()
  await db.close()
  await check(fileSystem)
  await check(fileSystem)
})

test('a batch across keyspaces is there whole or not at all, after any crash', async () => {
  const { fileSystem, options, db } = await newDatabase()
  const users = await db.keyspace('users')
  const byAge = await db.keyspace('by age')
  const images: MemoryFileSystem[] = []
  for (let i = 1; i <= 40; i++) {
    await db.batch([
      { type: 'put', key: 'count', value: `${i}` },
      { keyspace: users, type: 'put', key: `user ${i}`, value: `${i}` },
      { keyspace: byAge, type: 'put', key: `age ${i}`, value: `${i}` },
      { keyspace: byAge, type: 'del', key: `age ${i - 10}` },
    ])
    await users.batch([{ keyspace: db, type: 'put', key: 'same', value: `${i}` }])
    if (i % 7 === 0) await (i % 2 === 0 ? users : byAge).flush()
    if (i % 15 === 0) await byAge.compact()
    for (const unsynced of ['none', 'random', 'all'] as const) {
      images.push(fileSystem.crashClone({ unsynced, prng: new Prng(i), sectorBytes: 512 }))
    }
  }
  await db.close()
  for (const image of [...images, fileSystem]) {
    const again = await open(directory, { ...options, ...optionsOn(image) })
    const count = Number((await again.get('count')) ?? 0)
    const [u, a] = [await again.keyspace('users'), await again.keyspace('by age')]
    assert.equal([...u.keys()].length, count)
    const first = Math.max(1, count - 9)
    const ages = Array.from({ length: count - first + 1 }, (_, i) => `age ${first + i}`)
    if (count > 0) assert.deepEqual([...a.keys()], ages.sort())
    await again.close()
  }
})

test('a bad operation on another keyspace leaves nothing of the batch', async () => {
  const { db } = await newDatabase()
  const users = await db.keyspace('users')
  const stranger = await (await newDatabase()).db.keyspace('users')
  const put = { type: 'put', key: 'a', value: '1' } as const
  for (const keyspace of [stranger, {}, null, 7]) {
    const strange = { ...put, keyspace } as unknown as typeof put
    await assert.rejects(db.batch([{ ...put, keyspace: users }, put, strange]), {
      code: 'INVALID_ARGUMENT',
    })
  }
  const bad = { keyspace: users, type: 'put', key: '', value: '' } as const
  await assert.rejects(db.batch([put, { ...put, keyspace: users }, bad]), /operations\[2\]/)
  await db.put('b', '2')
  assert.deepEqual([...db.keys()], ['b'])
  assert.deepEqual([...users.keys()], [])
  await db.close()
})

test('a snapshot sees all keyspaces at one sequence, over flushes and compactions', async () => {
  const { db } = await newDatabase()
  const users = await db.keyspace('users')
  const transfer = (n: number) =>
    db.batch([
      { type: 'put', key: 'n', value: `${n}` },
      { keyspace: users, type: 'put', key: 'n', value: `${n}` },
    ])
  await transfer(1)
  using snapshot = db.snapshot()
  using ofUsers = users.snapshot()
  const walk = users.entries({ snapshot })[Symbol.iterator]()
  await transfer(2)
  await users.flush()
  await transfer(3)
  await db.flush()
  await db.compact()
  await users.compact()
  const late = await db.keyspace('late')
  await late.put('n', '3')
  assert.equal(await db.get('n', { snapshot }), '1')
  assert.equal(await users.get('n', { snapshot }), '1')
  assert.equal(await late.get('n', { snapshot }), undefined)
  assert.equal(await db.get('n', { snapshot: ofUsers }), '1')
  assert.equal(await ofUsers.get('n'), '1')
  assert.deepEqual(walk.next().value, ['n', '1'])
  assert.equal(await users.get('n'), '3')
  await db.close()
})

test('encodings are stored and checked, other options are stored and may change', async () => {
  const { fileSystem, options, db } = await newDatabase()
  await db.keyspace('logs', { valueEncoding: 'json', compaction: 'fifo', ttlMs: 5000 })
  await assert.rejects(db.keyspace('logs'), /valueEncoding 'json', not 'utf8'/)
  await assert.rejects(db.keyspace('logs', { valueEncoding: 'json', keyEncoding: 'binary' }), {
    code: 'INVALID_ARGUMENT',
    option: 'keyEncoding',
  })
  for (const wrong of [{ ttlMs: -1 }, { codec: 'zip' }, { blockBytes: 1 }, { memtableBytes: 1 }]) {
    await assert.rejects(db.keyspace('x', wrong), { code: 'INVALID_ARGUMENT' })
  }
  for (const name of ['', 'x'.repeat(256), 7 as unknown as string, '\ud800']) {
    await assert.rejects(db.keyspace(name), { code: 'INVALID_ARGUMENT' })
  }
  await assert.rejects(db.keyspace('none', { createIfMissing: false }), /no keyspace 'none'/)
  assert.deepEqual(db.keyspaces().length, 1)
  await db.close()

  const again = await open(directory, options)
  const [info] = again.keyspaces()
  assert.equal(info?.ttlMs, 5000)
  const logs = await again.keyspace('logs', { valueEncoding: 'json' })
  await logs.put('a', 1)
  await logs.flush()
  const [table] = logs.levels()[0].tables
  assert.equal(table?.expiringCount, 1)
  const forever = await again.keyspace('logs', {
    valueEncoding: 'json',
    ttlMs: 0,
    compaction: { policy: 'leveled', maxTableAgeMs: Infinity, garbageShare: Infinity },
  })
  await forever.put('b', 1)
  await again.close()
  const last = await open(directory, { ...options, ...optionsOn(fileSystem) })
  assert.equal(last.keyspaces()[0]?.ttlMs, undefined)
  await last.close()
})

test('keyspaces share one budget of memory; the largest memtable is flushed first', async () => {
  const memtableBytes = 256 * 1024
  const { fileSystem, db } = await newDatabase({ memtableBytes })
  const small = await Promise.all(Array.from({ length: 200 }, (_, i) => db.keyspace(`small ${i}`)))
  assert.equal(filesOf(fileSystem, '.sst').length, 0)
  const emptyBytes = db.stats().memory.memtables
  const large = await db.keyspace('large')
  for (const keyspace of small) await keyspace.put('key', 'value'.repeat(10))
  assert.ok(db.stats().memory.memtables - emptyBytes < 200 * 6 * 1024)
  for (let i = 0; i < 500; i++) await large.put(`key ${i}`, 'x'.repeat(1000))
  assert.ok(large.levels()[0].tables.length > 0)
  const flushedSmall = small.filter((keyspace) => keyspace.levels()[0].tables.length > 0)
  assert.equal(flushedSmall.length, 0, 'small memtables stay in memory')
  // Many more bytes of log than a keyspace may hold back.
  for (let i = 0; i < 3000; i++) await large.put(`key ${i % 10}`, 'x'.repeat(1000))
  assert.equal(small.filter((one) => one.levels()[0].tables.length > 0).length, 200)
  const logBytes = filesOf(fileSystem, '.log').reduce((sum, name) => {
    const file = fileSystem.openForRead(`${directory}/${name}`)
    const bytes = file.sizeBytes()
    file.close()
    return sum + bytes
  }, 0)
  assert.ok(logBytes < 8 * memtableBytes, `${logBytes} bytes of logs`)
  for (const keyspace of small) assert.ok((await keyspace.get('key')) !== undefined)
  await db.close()
})

test('flushed entries in a log that another keyspace needs are not replayed', async () => {
  const { fileSystem, options, db } = await newDatabase()
  const rare = await db.keyspace('rare')
  const busy = await db.keyspace('busy', { compaction: { policy: 'leveled', l0Trigger: 1 } })
  await rare.put('kept', 'in the log')
  for (let i = 0; i < 10; i++) {
    await busy.put(`key ${i % 3}`, `${i}`)
    if (i % 2 === 0) await busy.del('key 0')
    await busy.flush()
  }
  const expected = [...busy.entries()]
  for (const fs of [fileSystem.crashClone(kill), fileSystem.crashClone(powerLoss)]) {
    const again = await open(directory, { ...options, ...optionsOn(fs) })
    const same = await again.keyspace('busy')
    assert.deepEqual([...same.entries()], expected)
    const busyInfo = again.keyspaces().find(({ name }) => name === 'busy')
    assert.equal(busyInfo?.memtableBytes, 0)
    assert.equal(await (await again.keyspace('rare')).get('kept'), 'in the log')
    await same.flush()
    assert.deepEqual([...same.entries()], expected)
    await same.compact()
    assert.deepEqual([...same.entries()], expected)
    await again.close()
  }
  await db.close()
})

test('a drop removes data and files at once, and the name can be used again', async () => {
  const { fileSystem, options, db } = await newDatabase()
  const users = await db.keyspace('users', { valueEncoding: 'json' })
  const other = await db.keyspace('other')
  for (let i = 0; i < 100; i++) {
    await users.put(`${i}`, i)
    if (i % 40 === 0) await users.flush()
  }
  await other.put('a', '1')
  await db.put('a', '1')
  const walk = users.entries()[Symbol.iterator]()
  assert.deepEqual(walk.next().value, ['0', 0])
  const last = users.put('last', 1)
  const dropping = users.drop()
  await assert.rejects(users.put('x', 1), { code: 'CLOSED' })
  await assert.rejects(users.get('x'), /'users' was dropped/)
  await assert.rejects(db.batch([{ keyspace: users, type: 'del', key: 'x' }]), { code: 'CLOSED' })
  const recreated = db.keyspace('users')
  await Promise.all([last, dropping])
  assert.ok(filesOf(fileSystem, '.sst').length >= 3, 'the iterator pins them')
  assert.equal([...{ [Symbol.iterator]: () => walk }].length, 99 + 0)
  assert.equal(filesOf(fileSystem, '.sst').length, 0)
  await assert.rejects(users.drop(), { code: 'CLOSED' })
  const again = await recreated
  assert.deepEqual([...again.entries()], [])
  await again.put('new', 'text')
  const images = [fileSystem.crashClone(kill), fileSystem.crashClone(powerLoss)]
  await db.close()
  for (const fs of [...images, fileSystem]) {
    const reopened = await open(directory, { ...options, ...optionsOn(fs) })
    const same = await reopened.keyspace('users')
    if (fs !== images[1]) assert.deepEqual([...same.entries()], [['new', 'text']])
    assert.equal(await (await reopened.keyspace('other')).get('a'), '1')
    await reopened.close()
  }
})

test('a drop that cannot be recorded leaves the keyspace as it was', async () => {
  const memory = new MemoryFileSystem()
  const fs = new FaultyFileSystem(memory)
  const options = { fileSystem: fs, background: 'inline' } as const
  const db = await open(directory, options)
  const users = await db.keyspace('users')
  await users.put('a', '1')
  await users.flush()
  await users.put('b', '2')
  fs.faultFor = ({ kind, path }) =>
    kind === 'append' && path.includes('MANIFEST') ? { systemCode: 'ENOSPC' } : undefined
  await assert.rejects(users.drop(), { code: 'IO' })
  await assert.rejects(db.keyspace('more'), { code: 'IO' })
  fs.faultFor = () => undefined
  await users.put('c', '3')
  assert.deepEqual([...users.keys()], ['a', 'b', 'c'])
  await users.flush()
  await users.drop()
  assert.deepEqual(db.keyspaces(), [])
  await db.keyspace('more')
  await db.close()
})

test('a keyspace is filled in another thread while others are dropped and read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varve-keyspaces-'))
  try {
    const db = await open(folder, { memtableBytes: 512 * 1024, valueEncoding: 'binary' })
    const filled = await db.keyspace('filled', { compaction: { policy: 'leveled', l0Trigger: 2 } })
    const value = Buffer.alloc(1000, 1)
    let dropped = 0
    const dropping = (async () => {
      for (let round = 0; round < 12; round++) {
        const victim = await db.keyspace('victim', {
          compaction: { policy: 'leveled', l0Trigger: 2 },
        })
        for (let i = 0; i < 1500; i++) await victim.put(`${i % 700}`, value)
        const iterator = victim.keys()[Symbol.asyncIterator]()
        await iterator.next()
        const drop = victim.drop()
        if (round % 2 === 0) await iterator.return?.()
        await drop
        if (round % 2 === 1) {
          let rest = 1
          while ((await iterator.next()).done !== true) rest++
          assert.equal(rest, 700)
        }
        dropped++
      }
    })()
    for (let i = 0; i < 15_000; i++) {
      await filled.put(`${i % 3000}`, value)
      if (i % 100 === 0) assert.ok((await filled.get(`${i % 3000}`))!.length === 1000)
    }
    await dropping
    assert.equal(dropped, 12)
    await db.flush()
    assert.equal([...filled.keys()].length, 3000)
    assert.equal(db.stats().backgroundErrors, 0)
    await db.close()
    assert.deepEqual((await verify(folder)).problems, [])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a read-only database follows new, changed and dropped keyspaces', async () => {
  const { options, db } = await newDatabase()
  const users = await db.keyspace('users')
  await users.put('a', '1')
  const follower = await open(directory, { ...options, readOnly: true })
  const seen = await follower.keyspace('users')
  await assert.rejects(seen.put('b', '2'), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(follower.keyspace('late'), /no keyspace/)
  using snapshot = follower.snapshot()
  const late = await db.keyspace('late')
  await db.batch([
    { keyspace: users, type: 'put', key: 'b', value: '2' },
    { keyspace: late, type: 'put', key: 'b', value: '2' },
  ])
  assert.deepEqual([...seen.keys()], ['a'])
  await follower.refresh()
  assert.deepEqual([...seen.keys()], ['a', 'b'])
  assert.deepEqual([...seen.keys({ snapshot })], ['a'])
  assert.deepEqual([...(await follower.keyspace('late')).keys()], ['b'])
  await users.put('c', '3')
  await users.flush()
  await follower.refresh()
  assert.deepEqual([...seen.keys()], ['a', 'b', 'c'])
  assert.deepEqual([...seen.keys({ snapshot })], ['a'])
  await users.drop()
  await follower.refresh()
  await assert.rejects(seen.get('a'), { code: 'CLOSED' })
  assert.deepEqual(
    follower.keyspaces().map(({ name }) => name),
    ['late'],
  )
  await follower.close()
  await db.close()
})

test('checkpoints and backups hold all keyspaces', async () => {
  const { fileSystem, options, db } = await newDatabase()
  const users = await db.keyspace('users')
  await db.put('a', '1')
  await users.put('a', '2')
  await users.flush()
  await users.put('b', '3')
  await db.checkpoint('/copy')
  await db.close()
  const copy = await open('/copy', { ...options, fileSystem })
  const same = await copy.keyspace('users')
  assert.deepEqual(
    [...same.entries()],
    [
      ['a', '2'],
      ['b', '3'],
    ],
  )
  await copy.close()
})

test('repair keeps keyspaces and their options, and the rest without a MANIFEST', async () => {
  const { fileSystem, options, db } = await newDatabase()
  const gone = await db.keyspace('gone')
  const users = await db.keyspace('users', { keyEncoding: 'binary', valueEncoding: 'binary' })
  const key = Buffer.from('key')
  await gone.put('a', '1')
  await users.put(key, Buffer.from('table'))
  await users.flush()
  await gone.drop()
  await users.put(Buffer.from('log'), Buffer.from('log'))
  await db.close()
  assert.deepEqual((await verify(directory, { fileSystem })).problems, [])

  fileSystem.remove(`${directory}/CURRENT`)
  assert.ok((await repair(directory, { fileSystem, apply: true })).isDone)
  const named = await open(directory, options)
  const binary = { keyEncoding: 'binary', valueEncoding: 'binary' } as const
  const same = await named.keyspace('users', { ...binary, createIfMissing: false })
  assert.deepEqual(
    [...same.keys()].map((bytes) => Buffer.from(bytes).toString()),
    ['key', 'log'],
  )
  await named.close()

  for (const name of fileSystem.list(directory)) {
    if (name === 'CURRENT' || name.startsWith('MANIFEST')) fileSystem.remove(`${directory}/${name}`)
  }
  assert.ok((await repair(directory, { fileSystem, apply: true })).isDone)
  const last = await open(directory, options)
  for (const { name, keyEncoding } of last.keyspaces()) {
    assert.match(name, /^recovered \d$/)
    assert.equal(keyEncoding, 'binary')
  }
  await last.close()
})

test('a blocking write to a keyspace goes on after the flush that it waits for', async () => {
  const path = mkdtempSync(join(tmpdir(), 'varve-keyspaces-'))
  try {
    await using db = await open(path, { memtableBytes: 4096, maxStallMs: 30_000 })
    const users = await db.keyspace('users')
    for (let i = 0; i < 300; i++) {
      db.putSync(`key ${i}`, 'x'.repeat(900))
      users.putSync(`key ${i}`, 'x'.repeat(900))
    }
    assert.ok(db.stats().stalls.byCause.memtables.count > 0, 'no write was held back')
    assert.equal([...users.keys()].length, 300)
  } finally {
    rmSync(path, { recursive: true })
  }
})

test('a poisoned database neither creates nor drops keyspaces', async () => {
  const memory = new MemoryFileSystem()
  let isFailing = false
  const fileSystem = new FaultyFileSystem(memory, ({ kind }) =>
    isFailing && kind === 'sync' ? { systemCode: 'EIO' } : undefined,
  )
  const db = await open(directory, { fileSystem, background: 'inline' })
  const users = await db.keyspace('users')
  await users.put('ann', '1')
  isFailing = true
  await assert.rejects(users.put('bob', '2', { sync: true }), { code: 'POISONED' })
  isFailing = false
  await assert.rejects(db.keyspace('new'), { code: 'POISONED' })
  await assert.rejects(users.drop(), { code: 'POISONED' })
  assert.equal(await users.get('ann'), '1')
  await db.close().catch(() => {})
})
