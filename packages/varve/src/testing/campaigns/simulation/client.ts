import assert from 'node:assert/strict'
import { VarveError } from '../../../base/errors.js'
import { type Encoding, encodingFor } from '../../../batch/encoding.js'
import { rangeOf } from '../../../db/read/key-bounds.js'
import type { Snapshot } from '../../../db/read/snapshot.js'
import type { FileSystem } from '../../../fs/file-system.js'
import { isEmptyRange } from '../../../key/key-range.js'
import { type BinaryDatabase, bytes, latin1, operationKeyspaces } from '../../harness/comparison.js'
import type { KeyspaceShape } from '../../harness/keyspace-shape.js'
import { Stores } from '../../harness/stores.js'
import { runSteps } from '../../harness/transaction-run.js'
import {
  type ModelRange,
  type ModelScan,
  OracleState,
  toBytes,
  type Write,
} from '../../kit/oracle.js'
import type { TransactionPlan } from '../../kit/transaction-plan.js'
import type { VirtualClock } from '../../kit/virtual-clock.js'
import { removeCheckpoint } from './checkpoint-removal.js'
import type { History } from './history.js'
import { KeyspaceLedger } from './keyspace-ledger.js'
import { namedEntries } from './named-entries.js'
import { checkpointPath, openSimulated, type SimulatedOptions, type Step } from './scenario.js'
import { inVirtualTime } from './virtual-time.js'

type Entry = readonly [Uint8Array, Uint8Array]

/** A snapshot, what it must show, and how often each keyspace had been dropped before it. */
interface Held {
  readonly snapshot: Snapshot<Uint8Array, Uint8Array>
  readonly state: OracleState
  readonly drops: readonly number[]
}

interface OpenWalk {
  readonly entries: Iterator<Entry, undefined>
  readonly expected: [string, Buffer][]
}

/** The file system and clock of a client, and the errors it accepts. */
interface ClientSetting {
  readonly fs: FileSystem
  readonly clock: VirtualClock
  readonly options: SimulatedOptions
  readonly keyspaces: readonly KeyspaceShape[]
  /** Whether an operation may fail with this error now. A wrong answer is never accepted. */
  readonly mayFail: (error: VarveError) => boolean
}

/**
 * Runs the steps of a scenario against a database, keeps the history of its writes, and compares
 * its reads with that history.
 *
 * Owned by: a simulation. Lives: as long as its file system; a crash replaces the client.
 */
export class Client {
  /** Undefined while the database could not be opened. */
  db: BinaryDatabase | undefined
  /** Errors of operations and of background work since the last open. */
  failures: VarveError[] = []
  /** An unacceptable error. It is kept because throwing in a listener would stop the engine. */
  private defect: Error | undefined
  private stores: Stores | undefined
  private readonly snapshots = new Map<number, Held>()
  private readonly walks = new Map<number, OpenWalk>()
  private background: Promise<unknown>[] = []

  constructor(
    private readonly setting: ClientSetting,
    /** Replaced after each loss of writes, so that earlier crash images keep theirs. */
    public history: History,
    /** The keyspaces that must exist, and those that must not. */
    readonly ledger = new KeyspaceLedger(),
  ) {}

  private get nowMs(): number {
    return this.setting.clock.wallMs()
  }

  get isPoisoned(): boolean {
    return this.failures.some(({ code }) => code === 'POISONED')
  }

  async open(): Promise<void> {
    const { fs, clock, options } = this.setting
    this.failures = []
    this.use(this.attempt(() => openSimulated(fs, clock, options)))
    if (this.db !== undefined) await this.learnOutcomes(this.db)
    // Open makes everything it recovers durable.
    if (this.db !== undefined) this.history.markDurable()
  }

  /** Goes on with an open database. */
  use(db: BinaryDatabase | undefined): void {
    this.db = db
    if (db === undefined) return
    db.on('error', (error) => this.note(error))
    this.stores = new Stores(db, this.setting.keyspaces)
    this.ledger.check(db.keyspaces().map(({ name }) => name))
  }

  /** Finds out which writes with an unknown outcome arrived. */
  private async learnOutcomes(db: BinaryDatabase): Promise<void> {
    const { history } = this
    if (!history.hasUnknown) return
    const { keyspaces } = this.setting
    const entries = await this.attemptAsync(namedEntries(db, keyspaces))
    if (entries === undefined) {
      this.db = undefined
      this.background.push(this.attemptAsync(db.close()))
      return
    }
    const expected = history.afterKill()
    const count = history.find(entries, expected, this.nowMs)
    const found = history.describe(entries, expected, this.nowMs)
    assert.ok(count !== undefined, `opened again: ${found}`)
    this.history = history.upTo(count)
  }

  async run(step: Exclude<Step, { type: 'die' }>): Promise<void> {
    if (this.db === undefined) await this.endBackground()
    if (this.db === undefined) await this.open()
    if (this.db !== undefined) await this.runOn(this.db, step)
    if (this.defect !== undefined) throw this.defect
  }

  /** Compares all entries, forward and backward. */
  async checkAll(): Promise<void> {
    for (const keyspace of this.stores!.all) {
      if (!(await this.openStores([keyspace]))) continue
      this.checkScan({}, undefined, keyspace)
      this.checkScan({ reverse: true }, undefined, keyspace)
    }
    if (this.defect !== undefined) throw this.defect
  }

  /**
   * All acknowledged writes are durable after it, unless close fails or the database is poisoned.
   */
  async close(): Promise<void> {
    const { db } = this
    if (db === undefined) return
    for (const slot of [...this.walks.keys()]) this.stepWalk(slot, Infinity)
    for (const slot of [...this.snapshots.keys()]) this.dropSnapshot(slot)
    await this.endBackground()
    this.db = undefined
    const closing = this.attemptAsync(db.close().then(() => true))
    const isClosed = await inVirtualTime(this.setting.clock, closing)
    if (isClosed === true && !this.isPoisoned) this.history.markDurable()
  }

  private async endBackground(): Promise<void> {
    for (const work of this.background.splice(0)) await inVirtualTime(this.setting.clock, work)
  }

  private async runOn(db: BinaryDatabase, step: Exclude<Step, { type: 'die' }>): Promise<void> {
    if (step.type !== 'checkpoint' && !(await this.openStores(operationKeyspaces(step)))) return
    const stores = this.stores!
    switch (step.type) {
      case 'write':
        return this.write([step.writes], step.sync)
      case 'burst':
        return this.write(step.groups, false)
      case 'get':
        return this.checkKeys(step.keys, step.slot, step.keyspace)
      case 'scan':
        return this.checkScan(step.scan, step.slot, step.keyspace)
      case 'snapshot':
        this.dropSnapshot(step.slot)
        this.snapshots.set(step.slot, {
          snapshot: db.snapshot(),
          state: this.history.visible(),
          drops: stores.all.map((keyspace) => stores.dropsOf(keyspace)),
        })
        return
      case 'dropSnapshot':
        return this.dropSnapshot(step.slot)
      case 'openWalk':
        return this.openWalk(step.slot, step.scan, step.keyspace)
      case 'stepWalk':
        return this.stepWalk(step.slot, step.steps)
      case 'flush':
        return this.start(this.flush(step.keyspace), step.wait)
      case 'compact': {
        const compacting = stores.of(step.keyspace).compact(toBytes(step.range))
        return this.start(this.attemptWithDrops(compacting), step.wait)
      }
      case 'drop':
        return this.start(this.drop(step.keyspace!), step.wait)
      case 'transaction':
        return this.transaction(db, step.plan)
      case 'wait':
        return this.wait(step.delayMs)
      case 'checkpoint':
        return this.checkpoint(db)
      case 'reopen':
        await this.close()
        return await this.open()
    }
  }

  /** Opens the keyspaces that the step needs. False if one could not be created. */
  private async openStores(keyspaces: readonly number[]): Promise<boolean> {
    const { ledger, setting } = this
    const stores = this.stores!
    for (const keyspace of keyspaces) {
      if (stores.isOpen(keyspace)) continue
      const { name } = setting.keyspaces[keyspace - 1]
      ledger.beginCreate(name)
      const opening = this.attemptAsync(stores.open([keyspace]).then(() => true))
      if ((await inVirtualTime(setting.clock, opening)) !== true) return false
      ledger.create(name)
    }
    return true
  }

  private async drop(keyspace: number): Promise<void> {
    const { history, ledger, setting } = this
    const { name } = setting.keyspaces[keyspace - 1]
    const number = history.begin([{ type: 'drop', keyspace }], this.nowMs)
    ledger.beginDrop(name)
    await this.settleAsync(number, true, this.stores!.drop(keyspace))
    if (history.isAcknowledged(number)) ledger.drop(name)
  }

  private async transaction(db: BinaryDatabase, plan: TransactionPlan): Promise<void> {
    const { history, nowMs } = this
    const tx = this.attempt(() => db.begin())
    if (tx === undefined) return
    const writes = this.attempt(() => {
      return runSteps(tx, this.stores!, plan.steps, history.visible(), nowMs)
    })
    if (writes === undefined || plan.end === 'rollback') return tx.rollback()
    const effective = writes.filter((write) => write.type !== 'clear' || !isEmpty(write.range))
    const commit = (): Promise<void> => {
      if (plan.end === 'commit') return tx.commit({ sync: plan.sync })
      tx.commitSync({ sync: plan.sync })
      return Promise.resolve()
    }
    const isDurable = plan.sync || this.setting.options.durability === 'sync'
    const number = effective.length === 0 ? undefined : history.begin(effective, nowMs)
    // A commit without writes is none.
    const committing =
      number === undefined
        ? this.attemptAsync(promiseOf(commit))
        : this.settleAsync(number, isDurable, promiseOf(commit))
    await inVirtualTime(this.setting.clock, committing)
  }

  /** Starts all groups together. If possible, the last one blocks while the others are pending. */
  private async write(groups: readonly (readonly Write[])[], sync: boolean): Promise<void> {
    const { clock, options } = this.setting
    const stores = this.stores!
    const settled: Promise<unknown>[] = []
    for (const [i, writes] of groups.entries()) {
      const [{ keyspace }] = writes
      const store = stores.of(keyspace)
      const withSync = sync || i % 4 === 3
      const isDurable = withSync || options.durability === 'sync'
      const [first] = writes
      if (first.type === 'clear' && isEmpty(first.range)) {
        // Writes nothing, so it settles before the groups started earlier and counts as none of
        // them.
        settled.push(this.attemptAsync(store.clear(toBytes(first.range), { sync: withSync })))
        continue
      }
      const number = this.history.begin(writes, this.nowMs)
      if (i < groups.length - 1 || first.type === 'clear') {
        const work =
          first.type === 'clear'
            ? store.clear(toBytes(first.range), { sync: withSync })
            : store.batch(stores.operationsOf(writes, keyspace), { sync: withSync })
        settled.push(this.settleAsync(number, isDurable, work))
      } else {
        const operations = stores.operationsOf(writes, keyspace)
        this.settle(number, isDurable, () => store.batchSync(operations, { sync: withSync }))
      }
      if (i % 5 === 4) await Promise.resolve()
    }
    await inVirtualTime(clock, Promise.all(settled))
  }

  private settle(number: number, isDurable: boolean, commit: () => void): void {
    try {
      commit()
    } catch (error) {
      this.refuse(number, error)
      return
    }
    this.history.acknowledge(number, isDurable)
  }

  private async settleAsync(number: number, isDurable: boolean, work: Promise<void>) {
    try {
      await work
    } catch (error) {
      this.refuse(number, error)
      return
    }
    this.history.acknowledge(number, isDurable)
  }

  private refuse(number: number, error: unknown): void {
    this.note(error)
    const isUnknown = (error as VarveError).code === 'POISONED'
    this.history.refuse(number, isUnknown ? 'unknown' : 'refused')
  }

  private async flush(keyspace = 0): Promise<void> {
    const { history, stores } = this
    const { acknowledged } = history
    const flushing = stores!.of(keyspace).flush()
    const isFlushed = await this.attemptWithDrops(flushing.then(() => true))
    // A flush of one keyspace keeps the writes to others in the logs.
    if (isFlushed === true && stores!.all.length === 1) history.markDurable(acknowledged)
  }

  /** As `attemptAsync`, for work that the drop of its keyspace may end. */
  private attemptWithDrops<T>(work: Promise<T>): Promise<T | undefined> {
    const isDrop = (error: unknown): boolean => (error as VarveError).code === 'CLOSED'
    return this.attemptAsync(
      work.catch((error: unknown) => {
        if (this.setting.keyspaces.length > 0 && isDrop(error)) return undefined
        throw error
      }),
    )
  }

  private async start(work: Promise<unknown>, wait: boolean): Promise<void> {
    if (wait) await inVirtualTime(this.setting.clock, work)
    else this.background.push(work)
  }

  /** Makes a checkpoint, compares it with the database, and removes it to free the name. */
  private async checkpoint(db: BinaryDatabase): Promise<void> {
    const { fs, clock, options } = this.setting
    const isFree = this.attempt(() => {
      removeCheckpoint(fs)
      return true
    })
    if (isFree !== true) return
    const making = this.attemptAsync(db.checkpoint(checkpointPath).then(() => true))
    if ((await inVirtualTime(clock, making)) !== true) return
    const copy = this.attempt(() => openSimulated(fs, clock, options, false, checkpointPath))
    if (copy === undefined) return
    const found = await this.attemptAsync(namedEntries(copy, this.setting.keyspaces))
    if (found !== undefined) {
      const { history } = this
      const expected = { atLeast: history.acknowledged, atMost: history.acknowledged }
      const isSame = history.find(found, expected, this.nowMs) !== undefined
      assert.ok(isSame, `a checkpoint: ${history.describe(found, expected, this.nowMs)}`)
    }
    await inVirtualTime(clock, this.attemptAsync(copy.close()))
  }

  /** Lets time pass with its timers, including the periodic sync. */
  private async wait(delayMs: number): Promise<void> {
    const { history } = this
    const { clock, options } = this.setting
    const { durability } = options
    const { acknowledged } = history
    clock.advance(delayMs)
    await inVirtualTime(clock, Promise.resolve())
    const isSynced = typeof durability === 'object' && delayMs >= durability.intervalMs
    if (isSynced && this.failures.length === 0) history.markDurable(acknowledged)
  }

  /** Reads of the engine and the model, at a snapshot or at the current state. */
  private readers(slot: number | undefined, keyspace = 0) {
    const stores = this.stores!
    const engine = stores.of(keyspace)
    const held = slot === undefined ? undefined : this.snapshots.get(slot)
    if (held === undefined) return { engine, options: {}, state: this.history.visible() }
    const { snapshot, drops } = held
    const isOlder = drops[keyspace] !== stores.dropsOf(keyspace)
    const state = isOlder ? new OracleState(new Map()) : held.state
    return { engine, options: { snapshot }, state }
  }

  private async checkKeys(keys: readonly string[], slot: number, keyspace?: number): Promise<void> {
    const { engine, options, state } = this.readers(slot, keyspace)
    const expectedNow = (key: string) => state.at(this.nowMs).get(key, keyspace)
    for (const key of keys) {
      const expected = expectedNow(key)
      const read = engine.get(bytes(key), options).then((value) => {
        // The entry may have expired while the read waited.
        if (value === undefined) assertSame(value, expectedNow(key), key)
        else assertSame(value, expected, key)
      })
      await inVirtualTime(this.setting.clock, this.attemptAsync(read))
      this.attempt(() => assertSame(engine.getSync(bytes(key), options), expectedNow(key), key))
    }
  }

  private checkScan(scan: ModelScan, slot: number | undefined, keyspace?: number): void {
    const { engine, options, state } = this.readers(slot, keyspace)
    const found = this.attempt(() => [...engine.entries({ ...toBytes(scan), ...options })])
    if (found === undefined) return
    const expected = state.at(this.nowMs).scan(scan, keyspace)
    assert.deepEqual(
      found.map(([key]) => latin1(key)),
      expected.map(([key]) => key),
      'the keys of a scan',
    )
    for (const [i, [key, value]] of found.entries()) assertSame(value, expected[i][1], latin1(key))
  }

  private openWalk(slot: number, scan: ModelScan, keyspace?: number): void {
    this.stepWalk(slot, Infinity)
    const store = this.stores!.of(keyspace)
    const expected = this.history.visible().at(this.nowMs).scan(scan, keyspace)
    const entries = this.attempt(() => store.entries(toBytes(scan))[Symbol.iterator]())
    if (entries !== undefined) this.walks.set(slot, { entries, expected })
  }

  private stepWalk(slot: number, steps: number): void {
    const walk = this.walks.get(slot)
    for (let i = 0; walk !== undefined && i < steps; i++) {
      const step = this.attempt(() => walk.entries.next())
      if (step?.value !== undefined) {
        const expected = walk.expected.shift()
        assert.equal(latin1(step.value[0]), expected?.[0], 'the key of an open iterator')
        assertSame(step.value[1], expected?.[1], 'of an open iterator')
        continue
      }
      if (step !== undefined) assert.deepEqual(walk.expected, [], 'a walk that ended early')
      else walk.entries.return?.()
      this.walks.delete(slot)
      return
    }
  }

  private dropSnapshot(slot: number): void {
    this.snapshots.get(slot)?.snapshot.close()
    this.snapshots.delete(slot)
  }

  /** Returns undefined if the operation failed with an accepted error. */
  private attempt<T>(run: () => T): T | undefined {
    try {
      return run()
    } catch (error) {
      this.note(error)
      return undefined
    }
  }

  private async attemptAsync<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      this.note(error)
      return undefined
    }
  }

  private note(error: unknown): void {
    const isClear =
      error instanceof VarveError && (error.code === 'IO' || error.code === 'POISONED')
    if (isClear && this.setting.mayFail(error)) this.failures.push(error)
    else this.defect ??= error instanceof Error ? error : new Error(String(error))
  }
}

/** The result of `run`, or its failure as a rejection. */
async function promiseOf(run: () => Promise<void>): Promise<void> {
  await run()
}

const binary = encodingFor('binary', '') as Encoding<Uint8Array>

function isEmpty(range: ModelRange): boolean {
  return isEmptyRange(rangeOf<Uint8Array>(toBytes(range), binary))
}

function assertSame(
  actual: Uint8Array | undefined,
  expected: Buffer | undefined,
  key: string,
): void {
  const isSame = actual === undefined ? expected === undefined : expected?.equals(actual) === true
  assert.ok(isSame, `another value of ${JSON.stringify(key.slice(0, 40))}`)
}
