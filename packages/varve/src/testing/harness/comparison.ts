import assert from 'node:assert/strict'
import { type Clock, systemClock } from '../../base/clock.js'
import type { BatchOperation, IterateOptions, OpenOptions } from '../../db/api.js'
import type { Database } from '../../db/database.js'
import type { Snapshot } from '../../db/read/snapshot.js'
import { open } from '../../index.js'
import { type ModelScan, Oracle, type OracleState, toBytes, type Write } from '../kit/oracle.js'
import { type Operation, slotCount } from '../kit/workload.js'

export type BinaryDatabase = Database<Uint8Array, Uint8Array>
type BinarySnapshot = Snapshot<Uint8Array, Uint8Array>
type Entry = readonly [Uint8Array, Uint8Array]

/** An iterator that stays open during other operations. */
interface OpenWalk {
  readonly expected: [string, Buffer][]
  readonly next: () => Promise<IteratorResult<Entry, undefined>> | IteratorResult<Entry, undefined>
}

export function openBinary(path: string, options: OpenOptions): Promise<BinaryDatabase> {
  return open(path, { ...options, keyEncoding: 'binary', valueEncoding: 'binary' })
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
  db!: BinaryDatabase
  private readonly oracle = new Oracle()
  private readonly snapshots = new Map<number, { engine: BinarySnapshot; oracle: OracleState }>()
  private readonly walks = new Map<number, OpenWalk>()
  /** Pending flushes and compactions. */
  private background: Promise<void>[] = []
  /** The wall clock. Only operations that wait advance it. */
  private nowMs = Date.UTC(2024, 0, 1)
  private readonly clock: Clock = { ...systemClock, wallMs: () => this.nowMs }

  static async start(path: string, options: OpenOptions): Promise<Comparison> {
    const comparison = new Comparison(path, options)
    comparison.db = await comparison.open()
    return comparison
  }

  private constructor(
    private readonly path: string,
    private options: OpenOptions,
  ) {}

  async run(operation: Operation): Promise<void> {
    const { db } = this
    switch (operation.type) {
      case 'write':
        return this.write(operation.writes, operation.sync)
      case 'burst':
        return this.burst(operation.groups)
      case 'get':
        for (const key of operation.keys) await this.checkKey(key, operation.slot)
        return this.checkKeys(operation.keys, operation.slot)
      case 'scan':
        return this.checkScan(operation.scan, operation.slot)
      case 'snapshot':
        this.dropSnapshot(operation.slot)
        this.snapshots.set(operation.slot, { engine: db.snapshot(), oracle: this.oracle.state })
        return
      case 'wait':
        this.nowMs += operation.delayMs
        return
      case 'dropSnapshot':
        return this.dropSnapshot(operation.slot)
      case 'openWalk':
        return this.openWalk(operation.slot, operation.scan)
      case 'stepWalk':
        return this.stepWalk(operation.slot, operation.steps)
      case 'flush':
        return this.start(db.flush(), operation.wait)
      case 'compact':
        return this.start(db.compact(toBytes(operation.range)), operation.wait)
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

  /** Closes the database and opens it again, with other options if passed. */
  async reopen(options = this.options): Promise<void> {
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
    this.db = await this.open()
  }

  private async open(): Promise<BinaryDatabase> {
    const db = await openBinary(this.path, { ...this.options, clock: this.clock })
    db.on('compaction', ({ outputLevel, outputTables }) => {
      if (outputLevel > 0) this.tablesBelow += outputTables
    })
    return db
  }

  private async checkAll(): Promise<void> {
    for (let slot = 0; slot <= slotCount; slot++) {
      await this.checkScan({}, slot)
      await this.checkScan({ reverse: true }, slot)
    }
    await this.checkKeys([...this.oracle.state.entries.keys()], slotCount)
  }

  private async write(writes: readonly Write[], sync: boolean): Promise<void> {
    const { db } = this
    const [write] = writes
    if (write.type === 'clear') await db.clear(toBytes(write.range))
    else if (writes.length > 1) db.batchSync(operationsOf(writes), { sync })
    else if (write.type === 'put') {
      db.putSync(bytes(write.key), write.value, { sync, ...ttlOf(write) })
    } else db.delSync(bytes(write.key), { sync })
    this.oracle.write(writes, this.nowMs)
  }

  private async burst(groups: readonly (readonly Write[])[]): Promise<void> {
    const { db } = this
    const promises: Promise<void>[] = []
    for (const [i, writes] of groups.entries()) {
      const options = { sync: i % 4 === 3 }
      const [write] = writes
      if (write.type === 'clear') promises.push(db.clear(toBytes(write.range), options))
      else if (writes.length > 1) promises.push(db.batch(operationsOf(writes), options))
      else if (write.type === 'put') {
        promises.push(db.put(bytes(write.key), write.value, { ...options, ...ttlOf(write) }))
      } else promises.push(db.del(bytes(write.key), options))
      this.oracle.write(writes, this.nowMs)
      if (i % 5 === 4) await Promise.resolve()
    }
    await Promise.all(promises)
  }

  /** Reads of the engine and the oracle, at a snapshot or at the current state. */
  private readers(slot: number) {
    const { engine, oracle } = this.snapshots.get(slot) ?? {
      engine: this.db,
      oracle: this.oracle.state,
    }
    return { engine, oracle: oracle.at(this.nowMs) }
  }

  private async checkKey(key: string, slot: number): Promise<void> {
    const { engine, oracle } = this.readers(slot)
    const expected = oracle.get(key)
    const name = JSON.stringify(key.slice(0, 40))
    assertSame(engine.getSync(bytes(key)), expected, `getSync ${name}`)
    assertSame(await engine.get(bytes(key)), expected, `get ${name}`)
    assert.equal(engine.hasSync(bytes(key)), expected !== undefined, `hasSync ${name}`)
    assert.equal(await engine.has(bytes(key)), expected !== undefined, `has ${name}`)
    const snapshot = this.snapshots.get(slot)?.engine
    if (snapshot === undefined) return
    assertSame(this.db.getSync(bytes(key), { snapshot }), expected, `getSync at a snapshot ${name}`)
  }

  private async checkKeys(keys: readonly string[], slot: number): Promise<void> {
    const { engine, oracle } = this.readers(slot)
    const values = await engine.getMany(keys.map(bytes))
    for (const [i, key] of keys.entries()) assertSame(values[i], oracle.get(key), 'getMany')
  }

  private async checkScan(scan: ModelScan, slot: number): Promise<void> {
    const { engine, oracle } = this.readers(slot)
    const expected = oracle.scan(scan)
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

  private async openWalk(slot: number, scan: ModelScan): Promise<void> {
    await this.closeWalk(slot)
    const expected = this.oracle.state.at(this.nowMs).scan(scan)
    const range = this.db.entries(toBytes(scan))
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

  private dropSnapshot(slot: number): void {
    this.snapshots.get(slot)?.engine.close()
    this.snapshots.delete(slot)
  }
}

/** Reads in pages, and again from the middle. */
async function checkCursor(
  engine: BinaryDatabase | BinarySnapshot,
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

export function operationsOf(writes: readonly Write[]): BatchOperation<Uint8Array, Uint8Array>[] {
  return writes.map((write) => {
    assert.ok(write.type !== 'clear', 'a batch has no clear')
    return write.type === 'put'
      ? { type: 'put', key: bytes(write.key), value: write.value, ...ttlOf(write) }
      : { type: 'del', key: bytes(write.key) }
  })
}

function ttlOf({ ttlMs }: { ttlMs?: number }): { ttlMs?: number } {
  return ttlMs === undefined ? {} : { ttlMs }
}

export function bytes(key: string): Buffer {
  return Buffer.from(key, 'latin1')
}

export function latin1(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}

function assertSame(
  actual: Uint8Array | undefined,
  expected: Buffer | undefined,
  what: string,
): void {
  if (actual === undefined || expected === undefined) assert.equal(actual, expected, what)
  else assert.ok(expected.equals(actual), `${what}: another value`)
}

function assertEntries(actual: Entry[], expected: [string, Buffer][], what: string): void {
  const keys = actual.map(([key]) => latin1(key))
  assert.deepEqual(
    keys,
    expected.map(([key]) => key),
    what,
  )
  for (const [i, [, value]] of actual.entries()) assertSame(value, expected[i][1], what)
}
