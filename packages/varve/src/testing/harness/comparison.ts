import assert from 'node:assert/strict'
import { type Clock, systemClock } from '../../base/clock.js'
import type { BatchOperation, IterateOptions, OpenOptions } from '../../db/api.js'
import type { Snapshot } from '../../db/read/snapshot.js'
import type { KeyValueReader } from '../../index.js'
import { type ModelScan, Oracle, OracleState, toBytes, type Write } from '../kit/oracle.js'
import { keyspacesOf, meetsRival, type TransactionPlan } from '../kit/transaction-plan.js'
import { type Operation, slotCount } from '../kit/workload.js'
import {
  assertEntries,
  assertSame,
  type BinaryDatabase,
  bytes,
  type Entry,
  latin1,
  openBinary,
} from './binary-stores.js'
import type { KeyspaceShape } from './keyspace-shape.js'
import { keyspacesIn, Stores, ttlOf } from './stores.js'
import { answersOf, runSteps } from './transaction-run.js'

export { type BinaryDatabase, bytes, latin1, openBinary }

type BinarySnapshot = Snapshot<Uint8Array, Uint8Array>
type BinaryReader = KeyValueReader<Uint8Array, Uint8Array>

/** A snapshot, what it must show, and how often each keyspace had been dropped before it. */
interface HeldSnapshot {
  readonly engine: BinarySnapshot
  readonly oracle: OracleState
  readonly drops: readonly number[]
}

/** An iterator that stays open during other operations. */
interface OpenWalk {
  readonly expected: [string, Buffer][]
  readonly next: () => Promise<IteratorResult<Entry, undefined>> | IteratorResult<Entry, undefined>
}

/**
 * Applies the same operations to an engine and to the oracle, and asserts equal answers. Every read
 * uses all read methods: synchronous and asynchronous, single keys and many.
 *
 * Owned by: a test, which calls `finish` at the end.
 */
export class Comparison {
  /** Merges done by the engine before the last reopen. */
  compactions = 0
  /** Tables that compactions wrote or moved below level 0. Later deletes may have emptied them. */
  tablesBelow = 0
  /** Transactions that committed, and that were refused. */
  commits = 0
  conflicts = 0
  db!: BinaryDatabase
  private stores!: Stores
  private readonly oracle = new Oracle()
  private readonly snapshots = new Map<number, HeldSnapshot>()
  private readonly walks = new Map<number, OpenWalk>()
  /** Pending flushes and compactions. */
  private background: Promise<void>[] = []
  /** The wall clock. Only operations that wait advance it. */
  private nowMs = Date.UTC(2024, 0, 1)
  private readonly clock: Clock = { ...systemClock, wallMs: () => this.nowMs }

  static async start(
    path: string,
    options: OpenOptions,
    shapes: readonly KeyspaceShape[] = [],
  ): Promise<Comparison> {
    const comparison = new Comparison(path, options, shapes)
    await comparison.open()
    return comparison
  }

  private constructor(
    private readonly path: string,
    private options: OpenOptions,
    private shapes: readonly KeyspaceShape[],
  ) {}

  async run(operation: Operation): Promise<void> {
    const { stores } = this
    await stores.open(operationKeyspaces(operation))
    switch (operation.type) {
      case 'write':
        return this.write(operation.writes, operation.sync)
      case 'burst':
        return this.burst(operation.groups)
      case 'get': {
        const { keys, slot, keyspace } = operation
        for (const key of keys) await this.checkKey(key, slot, keyspace)
        return this.checkKeys(keys, slot, keyspace)
      }
      case 'scan':
        return this.checkScan(operation.scan, operation.slot, operation.keyspace)
      case 'snapshot':
        return this.takeSnapshot(operation.slot)
      case 'wait':
        this.nowMs += operation.delayMs
        return
      case 'dropSnapshot':
        return this.dropSnapshot(operation.slot)
      case 'openWalk':
        return this.openWalk(operation.slot, operation.scan, operation.keyspace)
      case 'stepWalk':
        return this.stepWalk(operation.slot, operation.steps)
      case 'flush':
        return this.start(stores.of(operation.keyspace).flush(), operation.wait)
      case 'compact': {
        const { range, wait, keyspace } = operation
        return this.start(stores.of(keyspace).compact(toBytes(range)), wait)
      }
      case 'drop': {
        const keyspace = operation.keyspace!
        const dropped = stores.drop(keyspace)
        this.oracle.write([{ type: 'drop', keyspace }])
        return this.start(dropped, operation.wait)
      }
      case 'transaction':
        return this.transaction(operation.plan)
      case 'reopen':
        return this.reopen()
    }
  }

  /** Reads everything again, before and after a reopen. Resolves with the open database. */
  async finish(): Promise<BinaryDatabase> {
    await this.checkAll()
    await this.reopen()
    await this.checkAll()
    return this.db
  }

  /** Closes the database and opens it again, with other options and keyspaces if passed. */
  async reopen(options = this.options, shapes = this.shapes): Promise<void> {
    for (let slot = 0; slot < slotCount; slot++) {
      await this.closeWalk(slot)
      this.dropSnapshot(slot)
    }
    await Promise.all(this.background)
    this.background = []
    const { iterators, snapshots, compactions } = this.db.stats()
    this.compactions += compactions.count
    assert.deepEqual({ iterators, snapshots }, { iterators: 0, snapshots: 0 })
    await this.db.close()
    this.options = options
    this.shapes = shapes
    await this.open()
  }

  private async open(): Promise<void> {
    const db = await openBinary(this.path, { ...this.options, clock: this.clock })
    db.on('compaction', ({ outputLevel, outputTables }) => {
      if (outputLevel > 0) this.tablesBelow += outputTables
    })
    this.db = db
    this.stores = new Stores(db, this.shapes)
  }

  private async checkAll(): Promise<void> {
    const { stores, oracle } = this
    await stores.open(stores.all)
    for (const keyspace of stores.all) {
      for (let slot = 0; slot <= slotCount; slot++) {
        await this.checkScan({}, slot, keyspace)
        await this.checkScan({ reverse: true }, slot, keyspace)
      }
      const keys = oracle.state.scan({}, keyspace).map(([key]) => key)
      await this.checkKeys(keys, slotCount, keyspace)
    }
  }

  private async write(writes: readonly Write[], sync: boolean): Promise<void> {
    const [write] = writes
    const { keyspace } = write
    const store = this.stores.of(keyspace)
    if (write.type === 'clear') await store.clear(toBytes(write.range))
    else if (writes.length > 1) {
      store.batchSync(this.stores.operationsOf(writes, keyspace), { sync })
    } else if (write.type === 'put') {
      store.putSync(bytes(write.key), write.value, { sync, ...ttlOf(write) })
    } else if (write.type === 'del') store.delSync(bytes(write.key), { sync })
    this.oracle.write(writes, this.nowMs)
  }

  private async burst(groups: readonly (readonly Write[])[]): Promise<void> {
    const { stores } = this
    const promises: Promise<void>[] = []
    for (const [i, writes] of groups.entries()) {
      const options = { sync: i % 4 === 3 }
      const [write] = writes
      const { keyspace } = write
      const store = stores.of(keyspace)
      if (write.type === 'clear') promises.push(store.clear(toBytes(write.range), options))
      else if (writes.length > 1) {
        promises.push(store.batch(stores.operationsOf(writes, keyspace), options))
      } else if (write.type === 'put') {
        promises.push(store.put(bytes(write.key), write.value, { ...options, ...ttlOf(write) }))
      } else if (write.type === 'del') promises.push(store.del(bytes(write.key), options))
      this.oracle.write(writes, this.nowMs)
      if (i % 5 === 4) await Promise.resolve()
    }
    await Promise.all(promises)
  }

  private async transaction(plan: TransactionPlan): Promise<void> {
    const { db, stores, oracle, nowMs } = this
    const base = oracle.state
    const tx = db.begin()
    const writes = runSteps(tx, stores, plan.steps, base, nowMs)
    if (plan.rival.length > 0) {
      db.batchSync(stores.operationsOf(plan.rival))
      oracle.write(plan.rival, nowMs)
    }
    if (plan.end === 'rollback') return tx.rollback()
    try {
      if (plan.end === 'commitSync') tx.commitSync({ sync: plan.sync })
      else await tx.commit({ sync: plan.sync })
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'CONFLICT', String(error))
      assert.ok(meetsRival(plan), 'a conflict without a cause')
      this.conflicts++
      return
    }
    this.commits++
    // Without writes it ran at its beginning.
    if (writes.length === 0) return
    const [seen, current] = [base, oracle.state].map((state) => answersOf(plan.steps, state, nowMs))
    assert.equal(current, seen, 'a commit whose reads are out of date')
    oracle.write(writes, nowMs)
  }

  /** Reads of the engine and the oracle, at a snapshot or at the current state. */
  private readers(
    slot: number,
    keyspace = 0,
  ): { readonly engine: BinaryReader; readonly oracle: OracleState } {
    const { stores, nowMs } = this
    const store = stores.of(keyspace)
    const held = this.snapshots.get(slot)
    if (held === undefined) return { engine: store, oracle: this.oracle.state.at(nowMs) }
    const { engine: snapshot, drops } = held
    const isOlder = (drops[keyspace] ?? 0) !== stores.dropsOf(keyspace)
    const oracle = isOlder ? new OracleState(new Map()) : held.oracle.at(nowMs)
    return { engine: keyspace === 0 ? snapshot : atSnapshot(store, snapshot), oracle }
  }

  private async checkKey(key: string, slot: number, keyspace?: number): Promise<void> {
    const { engine, oracle } = this.readers(slot, keyspace)
    const expected = oracle.get(key, keyspace)
    const name = JSON.stringify(key.slice(0, 40))
    assertSame(engine.getSync(bytes(key)), expected, `getSync ${name}`)
    assertSame(await engine.get(bytes(key)), expected, `get ${name}`)
    assert.equal(engine.hasSync(bytes(key)), expected !== undefined, `hasSync ${name}`)
    assert.equal(await engine.has(bytes(key)), expected !== undefined, `has ${name}`)
    const snapshot = this.snapshots.get(slot)?.engine
    if (snapshot === undefined) return
    const found = this.stores.of(keyspace).getSync(bytes(key), { snapshot })
    assertSame(found, expected, `getSync at a snapshot ${name}`)
  }

  private async checkKeys(keys: readonly string[], slot: number, keyspace?: number): Promise<void> {
    const { engine, oracle } = this.readers(slot, keyspace)
    const values = await engine.getMany(keys.map(bytes))
    for (const [i, key] of keys.entries()) {
      assertSame(values[i], oracle.get(key, keyspace), 'getMany')
    }
  }

  private async checkScan(scan: ModelScan, slot: number, keyspace?: number): Promise<void> {
    const { engine, oracle } = this.readers(slot, keyspace)
    const expected = oracle.scan(scan, keyspace)
    const range = toBytes(scan)
    assertEntries([...engine.entries(range)], expected, 'for')
    const came: Entry[] = []
    for await (const entry of engine.entries(range)) came.push(entry)
    assertEntries(came, expected, 'for await')
    const keys = [...engine.keys(range)].map(latin1)
    assert.deepEqual(
      keys,
      expected.map(([key]) => key),
    )
    const values = [...engine.values(range)]
    for (const [i, [, value]] of expected.entries()) assertSame(values[i], value, 'values')
    await checkCursor(engine, range, expected)
  }

  private async openWalk(slot: number, scan: ModelScan, keyspace?: number): Promise<void> {
    await this.closeWalk(slot)
    const expected = this.oracle.state.at(this.nowMs).scan(scan, keyspace)
    const range = this.stores.of(keyspace).entries(toBytes(scan))
    const walk = slot % 2 === 0 ? range[Symbol.iterator]() : range[Symbol.asyncIterator]()
    this.walks.set(slot, { expected, next: () => walk.next() })
  }

  private async stepWalk(slot: number, steps: number): Promise<void> {
    const walk = this.walks.get(slot)
    if (walk === undefined) return
    for (let i = 0; i < steps; i++) {
      const { value } = await walk.next()
      const expected: [string, Buffer] | undefined = walk.expected.shift()
      assert.equal(value && latin1(value[0]), expected?.[0], 'the key of an open iterator')
      assertSame(value?.[1], expected?.[1], 'the value of an open iterator')
      if (value !== undefined) continue
      this.walks.delete(slot)
      return
    }
  }

  /** Reads the iterator to its end, which closes it. */
  private closeWalk(slot: number): Promise<void> {
    return this.stepWalk(slot, Infinity)
  }

  private async start(work: Promise<void>, wait: boolean): Promise<void> {
    // A failure surfaces at the next reopen instead of as an unhandled rejection.
    work.catch(() => {})
    if (wait) await work
    else this.background.push(work)
  }

  private takeSnapshot(slot: number): void {
    const { db, oracle, stores } = this
    this.dropSnapshot(slot)
    const drops = stores.all.map((keyspace) => stores.dropsOf(keyspace))
    this.snapshots.set(slot, { engine: db.snapshot(), oracle: oracle.state, drops })
  }

  private dropSnapshot(slot: number): void {
    this.snapshots.get(slot)?.engine.close()
    this.snapshots.delete(slot)
  }
}

/** Reads in pages, and again from the middle. */
async function checkCursor(
  engine: BinaryReader,
  { limit = Infinity, ...range }: IterateOptions<Uint8Array>,
  expected: [string, Buffer][],
): Promise<void> {
  using cursor = engine.cursor(range)
  const came: Entry[] = []
  while (came.length < expected.length) {
    const piece = await cursor.read(Math.min(7, expected.length - came.length))
    if (piece.length === 0) break
    came.push(...piece)
  }
  assertEntries(came, expected, 'cursor')
  if (expected.length < limit) assert.deepEqual(await cursor.read(1), [], 'the end of a cursor')
  if (expected.length === 0) return
  const middle = expected.length >>> 1
  cursor.seek(bytes(expected[middle][0]))
  assertEntries(await cursor.read(expected.length - middle), expected.slice(middle), 'seek')
}

/** Reads of a keyspace at a snapshot. */
function atSnapshot(store: BinaryReader, snapshot: BinarySnapshot): BinaryReader {
  return {
    get: (key) => store.get(key, { snapshot }),
    getSync: (key) => store.getSync(key, { snapshot }),
    getMany: (keys) => store.getMany(keys, { snapshot }),
    has: (key) => store.has(key, { snapshot }),
    hasSync: (key) => store.hasSync(key, { snapshot }),
    entries: (range) => store.entries({ ...range, snapshot }),
    keys: (range) => store.keys({ ...range, snapshot }),
    values: (range) => store.values({ ...range, snapshot }),
    cursor: (range) => store.cursor({ ...range, snapshot }),
  }
}

/** The keyspaces that an operation uses. */
export function operationKeyspaces(operation: Operation): number[] {
  switch (operation.type) {
    case 'write':
      return keyspacesIn(operation.writes)
    case 'burst':
      return operation.groups.flatMap(keyspacesIn)
    case 'transaction':
      return keyspacesOf(operation.plan)
    case 'get':
    case 'scan':
    case 'openWalk':
    case 'flush':
    case 'compact':
    case 'drop':
      return [operation.keyspace ?? 0]
    case 'snapshot':
    case 'dropSnapshot':
    case 'stepWalk':
    case 'reopen':
    case 'wait':
      return []
  }
}

export function operationsOf(writes: readonly Write[]): BatchOperation<Uint8Array, Uint8Array>[] {
  return writes.map((write) => {
    assert.ok(write.type === 'put' || write.type === 'del', 'a batch has puts and deletes')
    return write.type === 'put'
      ? { type: 'put', key: bytes(write.key), value: write.value, ...ttlOf(write) }
      : { type: 'del', key: bytes(write.key) }
  })
}
