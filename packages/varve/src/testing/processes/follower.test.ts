import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { FaultyFileSystem, type FileOperation } from '../../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { destroy, open } from '../../index.js'
import {
  type BinaryDatabase,
  bytes,
  latin1,
  openBinary,
  operationsOf,
} from '../harness/comparison.js'
import { Oracle, type OracleState, toBytes } from '../kit/oracle.js'
import { isChange } from '../campaigns/simulation/crash-image.js'
import { VirtualClock } from '../kit/virtual-clock.js'
import { Workload } from '../kit/workload.js'
import { repair } from '../../tools/index.js'
import type { OpenOptions } from '../../db/api.js'
import { drawnSeed, seeds } from '../../base/testing/seed.js'

const path = '/db'
const value = 'v'.repeat(3000)

function optionsFor(fileSystem: FileSystem, readOnly = false): OpenOptions {
  const compaction = { policy: 'leveled', l0Trigger: 2, baseBytes: 64 * 1024 } as const
  const options = { fileSystem, background: 'inline', memtableBytes: 32 * 1024 } as const
  return { ...options, compaction, cacheBytes: 0, readOnly }
}

const keyOf = (i: number): string => `key ${String(i).padStart(4, '0')}`

/** Files that owner and reader access through separate file systems, like two processes. */
class SharedMemory extends MemoryFileSystem {
  override readonly sharedWithThreads: boolean = true
}

async function setUp() {
  const fs = new SharedMemory()
  const owner = await open(path, optionsFor(fs))
  for (let i = 0; i < 120; i++) await owner.put(keyOf((i * 37) % 60), value)
  assert.ok(owner.stats().compactions.count > 0)
  return { fs, owner, openReader: () => open(path, optionsFor(fs, true)) }
}

/** Rewrites all tables. */
async function rewriteAll(owner: Awaited<ReturnType<typeof setUp>>['owner']): Promise<void> {
  for (let i = 0; i < 60; i++) await owner.put(keyOf(i), `new ${i}`)
  await owner.compact()
}

const tablesIn = (fs: FileSystem): string[] => fs.list(path).filter((name) => name.endsWith('.sst'))

test('a reader beside its owner keeps its state until refresh', async () => {
  const { owner, openReader } = await setUp()
  const reader = await openReader()
  assert.equal([...reader.keys()].length, 60)
  await owner.put('later', 'unflushed')
  assert.equal(await reader.get('later'), undefined)
  await reader.refresh()
  assert.equal(await reader.get('later'), 'unflushed')
  assert.equal(reader.stats().sequence, owner.stats().sequence)
  await rewriteAll(owner)
  assert.equal(reader.getSync(keyOf(7)), value, 'from tables that the owner no longer needs')
  await reader.refresh()
  assert.deepEqual([...reader.entries()], [...owner.entries()])
  assert.deepEqual(reader.levels(), owner.levels())
  await reader.close()
  await assert.rejects(reader.refresh(), { code: 'CLOSED' })
  await owner.refresh()
  await owner.close()
})

test('snapshots and open iterators keep their state on refresh; views advance', async () => {
  const { owner, openReader } = await setUp()
  const reader = await openReader()
  const view = reader.withEncodings({ valueEncoding: 'binary' })
  const before = reader.snapshot()
  const ofView = view.snapshot()
  const walk = reader.entries()[Symbol.iterator]()
  const range = reader.entries({ limit: 1 })
  assert.deepEqual(walk.next().value, [keyOf(0), value])
  await rewriteAll(owner)
  await view.refresh()
  await owner.clear({})
  await rewriteAll(owner)
  await reader.refresh()

  assert.equal(reader.getSync(keyOf(5)), 'new 5')
  assert.equal(view.getSync(keyOf(5))?.toString(), 'new 5')
  assert.deepEqual([...range], [[keyOf(0), 'new 0']], 'an iterator opened after the refresh')
  for (const snapshot of [before, ofView]) {
    assert.equal(snapshot.getSync(keyOf(5))?.toString(), value)
    assert.equal(reader.getSync(keyOf(5), { snapshot }), value)
    assert.equal(await reader.get(keyOf(5), { snapshot }), value)
    assert.deepEqual(await reader.getMany([keyOf(5)], { snapshot }), [value])
    assert.equal((await view.get(keyOf(5), { snapshot }))?.toString(), value)
    assert.equal(await view.has(keyOf(5), { snapshot }), true)
    const walked = [...view.entries({ snapshot })].map(([, found]) => found.toString())
    assert.deepEqual(
      walked,
      Array.from({ length: 60 }, () => value),
    )
  }
  let walked = 1
  for (let step = walk.next(); step.done !== true; step = walk.next()) {
    assert.deepEqual(step.value, [keyOf(walked++), value])
  }
  assert.equal(walked, 60)
  before.close()
  ofView.close()
  assert.throws(() => before.getSync('key'), { code: 'CLOSED' })
  assert.throws(() => reader.getSync('key', { snapshot: owner.snapshot() }), {
    code: 'INVALID_ARGUMENT',
  })
  await view.close()
  assert.throws(() => reader.getSync('key'), { code: 'CLOSED' })
  await owner.close()
})

test('files stay for a reader across owners, until the reader releases them', async () => {
  const { fs, owner, openReader } = await setUp()
  const reader = await openReader()
  const snapshot = reader.snapshot()
  const before = tablesIn(fs)
  await rewriteAll(owner)
  await owner.close()
  const next = await open(path, optionsFor(fs))
  assert.deepEqual(tablesIn(fs).slice(0, before.length), before)
  await reader.refresh()
  await rewriteAll(next)
  assert.deepEqual(tablesIn(fs).slice(0, before.length), before, 'kept for the snapshot')
  assert.equal(snapshot.getSync(keyOf(59)), value)
  snapshot.close()
  await reader.refresh()
  await rewriteAll(next)
  const tables = tablesIn(fs)
  assert.ok(before.every((name) => !tables.includes(name)))
  await reader.close()
  await rewriteAll(next)
  assert.equal(tablesIn(fs).length, next.stats().tables.count)
  await next.close()
  assert.deepEqual(
    fs.list(path).filter((name) => /LOCK|READER/.test(name)),
    [],
  )
})

test('tables that only a dead reader needed are removed with its lease', async () => {
  const { fs, owner, openReader } = await setUp()
  await openReader()
  await owner.flush()
  // Both processes are dead.
  const left = fs.processCrashClone()
  assert.ok(left.list(path).some((name) => name.startsWith('READER.')))
  const next = await open(path, optionsFor(left))
  await rewriteAll(next)
  assert.equal(tablesIn(left).length, next.stats().tables.count)
  assert.ok(!left.list(path).some((name) => name.startsWith('READER.')))
  await next.close()
})

test('a reader that cannot write its lease keeps all tables open', async () => {
  const { fs, owner } = await setUp()
  const readOnlyDisk = new FaultyFileSystem(fs, ({ kind }) =>
    isChange(kind) ? { systemCode: 'EROFS' } : undefined,
  )
  const reader = await open(path, optionsFor(readOnlyDisk, true))
  assert.equal(reader.stats().tables.open, reader.stats().tables.count)
  const before = tablesIn(fs)
  await rewriteAll(owner)
  assert.ok(before.every((name) => !fs.exists(`${path}/${name}`)))
  assert.equal([...reader.values()].filter((found) => found === value).length, 60)
  const snapshot = reader.snapshot()
  await reader.refresh()
  assert.equal(reader.getSync(keyOf(3)), 'new 3')
  assert.equal(snapshot.getSync(keyOf(3)), value)
  snapshot.close()
  await reader.refresh()
  assert.equal(reader.stats().tables.open, reader.stats().tables.count)
  await reader.close()
  await owner.close()
})

test('a reader changes nothing but its lease', async () => {
  const { fs, owner } = await setUp()
  const watched = new FaultyFileSystem(fs)
  watched.isRecording = true
  const reader = await open(path, optionsFor(watched, true))
  await rewriteAll(owner)
  await reader.refresh()
  assert.equal([...reader.keys()].length, 60)
  await reader.close()
  const changes = watched.trace.filter(({ kind }) => isChange(kind))
  assert.ok(changes.length > 3)
  const strange = changes.filter(({ path: file }) => !file.startsWith(`${path}/READER.`))
  assert.deepEqual(strange, [])
  await assert.rejects(reader.put('a', 'b'), { code: 'CLOSED' })
  await owner.close()
})

test('until a new table appears, a refresh reads on in the logs', async () => {
  const fs = new SharedMemory()
  let mayFlush = false
  const disk = new FaultyFileSystem(fs, ({ kind, path: file }) =>
    kind === 'create' && file.includes('.sst') && !mayFlush ? { systemCode: 'EIO' } : undefined,
  )
  const clock = new VirtualClock()
  const owner = await open(path, { ...optionsFor(disk), clock })
  await owner.put('first', value)
  const watched = new FaultyFileSystem(fs)
  const reader = await open(path, optionsFor(watched, true))
  const before = reader.snapshot()
  watched.isRecording = true
  const logCount = () => fs.list(path).filter((name) => name.endsWith('.log')).length
  for (let i = 0; i < 15; i++) {
    await owner.put(keyOf(i), value)
    await reader.refresh()
    assert.equal(reader.getSync(keyOf(i)), value)
    assert.equal(reader.stats().sequence, i + 2)
  }
  assert.ok(logCount() > 1)
  assert.deepEqual([...before.keys()], ['first'])
  const read = watched.trace.reduce((sum, { kind, bytes: count = 0 }) => {
    assert.ok(!isChange(kind), kind)
    return kind === 'read' ? sum + count : sum
  }, 0)
  assert.ok(read < 15 * 2 * (value.length + 500), `${read} bytes read`)
  mayFlush = true
  clock.advance(60_000)
  await owner.flush()
  await reader.refresh()
  assert.equal(reader.stats().tables.count, owner.stats().tables.count)
  assert.deepEqual([...reader.entries()], [...owner.entries()])
  assert.deepEqual([...before.keys()], ['first'])
  await reader.close()
  await owner.close()
})

test('a refresh in which any operation fails leaves the reader unchanged', async () => {
  const { fs, owner } = await setUp()
  const faulty = new FaultyFileSystem(fs)
  const reader = await open(path, optionsFor(faulty, true))
  let failing = 0
  let expected = value
  for (let wasLast = false; !wasLast; failing++) {
    await owner.put(keyOf(8), `round ${failing}`)
    await owner.compact()
    const first = faulty.operationCount
    let hit: FileOperation | undefined
    faulty.faultFor = (operation) => {
      if (operation.index !== first + failing) return undefined
      hit = operation
      return { systemCode: 'EIO' }
    }
    const isDone = await reader.refresh().then(
      () => true,
      (error: { code: string }) => {
        assert.ok(['IO', 'CORRUPTION'].includes(error.code))
        return false
      },
    )
    wasLast = hit === undefined
    faulty.faultFor = () => undefined
    if (isDone) expected = `round ${failing}`
    assert.equal(reader.getSync(keyOf(8)), expected, `${hit?.kind} ${hit?.path}`)
    await owner.flush()
    await reader.refresh()
    expected = `round ${failing}`
    assert.equal(reader.getSync(keyOf(8)), expected)
  }
  await reader.close()
  await owner.close()
  assert.deepEqual(
    fs.list(path).filter((name) => name.startsWith('READER.')),
    [],
  )
  assert.ok(failing > 10, `${failing} operations`)
})

test('a database with an open reader is not repaired or destroyed', async () => {
  const { fs, owner, openReader } = await setUp()
  await owner.close()
  const reader = await openReader()
  await assert.rejects(destroy(path, { fileSystem: fs }), { code: 'LOCKED', ownerPid: process.pid })
  await assert.rejects(repair(path, { fileSystem: fs, apply: true }), { code: 'LOCKED' })
  await reader.close()
  await destroy(path, { fileSystem: fs })
  assert.deepEqual(fs.list(path), [])
  await assert.rejects(openReader(), { code: 'INVALID_ARGUMENT' })
  assert.deepEqual(fs.list(path), [], 'no lease is left')
})

/** A state of the oracle, and a snapshot or iterator that must show it. */
interface Held {
  readonly state: OracleState
  readonly read: () => Iterable<[Uint8Array, Uint8Array]>
  readonly close: () => void
}

test('after random writes and refreshes, every held state is unchanged', async () => {
  for (const seed of seeds(3, drawnSeed())) {
    try {
      await followRandomly(new Prng(seed))
    } catch (cause) {
      throw new Error(`failed with VARVE_SEED=${seed}`, { cause })
    }
  }
})

async function followRandomly(random: Prng): Promise<void> {
  const fs = new MemoryFileSystem()
  const oracle = new Oracle()
  const workload = new Workload(random)
  let owner = await openBinary(path, optionsFor(fs))
  const reader = await openBinary(path, optionsFor(fs, true))
  let seen = oracle.state
  let held: Held[] = []
  for (let i = 0; i < 250; i++) {
    const writes = workload.writes()
    const [write] = writes
    if (write.type === 'clear') await owner.clear(toBytes(write.range))
    else owner.batchSync(operationsOf(writes))
    oracle.write(writes)
    if (random.chance(0.02)) await owner.compact()
    if (random.chance(0.02)) {
      await owner.close()
      owner = await openBinary(path, optionsFor(fs))
    }
    if (random.chance(0.1)) {
      await reader.refresh()
      seen = oracle.state
    }
    if (random.chance(0.05)) held.push(holdSnapshot(reader, seen), holdWalk(reader, seen))
    if (!random.chance(0.05)) continue
    const checked = held.filter(() => random.chance(0.5))
    held = held.filter((one) => !checked.includes(one))
    for (const { state, read, close } of checked) {
      requireSame(read(), state)
      close()
    }
    requireSame(reader.entries(), seen)
    const key = workload.key()
    const found = await reader.get(bytes(key))
    assert.deepEqual(found && latin1(found), seen.get(key)?.toString('latin1'))
  }
  await reader.close()
  await rewriteAndCount(owner, fs)
  await owner.close()
}

function holdSnapshot(reader: BinaryDatabase, state: OracleState): Held {
  const snapshot = reader.snapshot()
  return { state, read: () => snapshot.entries(), close: () => snapshot.close() }
}

/** An iterator that is open and has not returned an entry yet. */
function holdWalk(reader: BinaryDatabase, state: OracleState): Held {
  const walk = reader.entries()[Symbol.iterator]()
  const first = walk.next()
  const read = function* () {
    for (let step = first; step.done !== true; step = walk.next()) yield step.value
  }
  return { state, read, close: () => {} }
}

function requireSame(found: Iterable<[Uint8Array, Uint8Array]>, state: OracleState): void {
  const entries = [...found].map(([key, held]) => [latin1(key), latin1(held)])
  const expected = state.scan().map(([key, held]) => [key, held.toString('latin1')])
  assert.deepEqual(entries, expected)
}

/** Everything kept for a reader is deleted at the next removal. */
async function rewriteAndCount(owner: BinaryDatabase, fs: FileSystem): Promise<void> {
  await owner.put(bytes('last'), bytes('last'))
  await owner.compact()
  await owner.put(bytes('last'), bytes('very last'))
  await owner.compact()
  assert.equal(tablesIn(fs).length, owner.stats().tables.count)
}
