import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Prng } from '../../../base/prng.js'
import type { Database, Keyspace, KeyValueStore } from '../../../index.js'
import type { Execution, History, Span, Step } from './history.js'

export type Numbers = Database<string, number>
type Tx = ReturnType<Numbers['begin']>
type Store = KeyValueStore<string, number>

/** The key space of a history: the low keys are in `db`, the others in a keyspace of it. */
export interface SplitNumbers {
  readonly db: Numbers
  readonly high: Keyspace<string, number>
  /** The first key in `high`. */
  readonly firstHigh: string
}

const waysToEnd = [...Array<'commit'>(8).fill('commit'), 'commitSync', 'rollback'] as const

/** The shape of a random history. */
export interface HistoryShape {
  readonly executions: number
  readonly clients: number
  readonly keys: readonly string[]
  /** Puts only, each after a read of its key, so that the version order is visible. */
  readonly tracesVersions: boolean
}

interface Client {
  tx: Tx | undefined
  steps: Step[]
  startTick: number
  isBusy: boolean
}

/**
 * Runs random transactions of several clients, one call of one client at a time, and records what
 * each saw. The keys in the database begin with `prefix`, where it must be empty.
 */
export class HistoryRun {
  private readonly executions: Execution[] = []
  private readonly ending: Promise<void>[] = []
  private tick = 0
  private value = 0
  private begun = 0

  constructor(
    private readonly numbers: SplitNumbers,
    private readonly prefix: string,
    private readonly random: Prng,
    private readonly shape: HistoryShape,
  ) {}

  async run(): Promise<History> {
    const { random, shape } = this
    const clients = Array.from({ length: shape.clients }, (): Client => {
      return { tx: undefined, steps: [], startTick: 0, isBusy: false }
    })
    while (this.begun < shape.executions || clients.some(({ tx }) => tx !== undefined)) {
      const client = random.pick(clients)
      if (client.isBusy) await (random.chance(0.2) ? nextTurn() : undefined)
      else if (client.tx !== undefined) this.advance(client, client.tx)
      else if (this.begun < shape.executions) this.begin(client)
    }
    await Promise.all(this.ending)
    return { keys: shape.keys, executions: this.executions }
  }

  private begin(client: Client): void {
    this.begun++
    client.steps = []
    client.startTick = ++this.tick
    if (this.random.chance(0.2)) this.callOutside(client)
    else client.tx = this.numbers.db.begin()
  }

  private advance(client: Client, tx: Tx): void {
    const { random } = this
    if (client.steps.length < 6 && !random.chance(0.25)) {
      this.step(client.steps, tx)
      return
    }
    const way = random.pick(waysToEnd)
    if (way === 'commit') this.end(client, tx.commit({ sync: random.chance(0.1) }))
    else if (way === 'commitSync') this.commitSync(client, tx)
    else {
      tx.rollback()
      client.tx = undefined
      this.record(client, false)
    }
  }

  private commitSync(client: Client, tx: Tx): void {
    client.tx = undefined
    try {
      tx.commitSync()
      this.record(client, true)
    } catch (error) {
      requireConflict(error)
      this.record(client, false)
    }
  }

  /** A client waits for its commit, while others go on. */
  private end(client: Client, committed: Promise<void>): void {
    client.isBusy = true
    const settle = (isCommitted: boolean): void => {
      client.tx = undefined
      client.isBusy = false
      this.record(client, isCommitted)
    }
    const ended = committed.then(
      () => settle(true),
      (error: unknown) => {
        settle(false)
        requireConflict(error)
      },
    )
    // Awaited at the end of the run; until then a failure is not unhandled.
    ended.catch(() => {})
    this.ending.push(ended)
  }

  /** A read or write of the database itself, which is a transaction of one step. */
  private callOutside(client: Client): void {
    const { numbers, prefix, random, shape } = this
    const key = random.pick(shape.keys)
    if (shape.tracesVersions || random.chance(0.4)) {
      client.steps.push(random.chance(0.5) ? this.get(undefined, key) : this.scan(undefined))
      this.record(client, true)
      return
    }
    const isHigh = key >= numbers.firstHigh
    const store = isHigh ? numbers.high : numbers.db
    const step = this.write(key, isHigh)
    client.steps.push(step)
    if (step.type === 'put') this.end(client, store.put(prefix + key, step.value))
    else if (step.type === 'del') this.end(client, store.del(prefix + key))
    else if (step.type === 'clear') this.end(client, store.clear(this.prefixed(step.span)))
  }

  private step(steps: Step[], tx: Tx): void {
    const { prefix, random, shape } = this
    const key = random.pick(shape.keys)
    if (random.chance(0.5)) {
      steps.push(random.chance(0.6) ? this.get(tx, key) : this.scan(tx))
      return
    }
    if (shape.tracesVersions) steps.push(this.get(tx, key))
    const savepoint = random.chance(0.1) ? tx.savepoint() : undefined
    const step = this.write(key)
    const [low, high] = this.storesOf(tx)
    const store = key < this.numbers.firstHigh ? low : high
    if (step.type === 'put') store.putSync(prefix + key, step.value)
    else if (step.type === 'del') store.delSync(prefix + key)
    else if (step.type === 'clear') {
      tx.clearSync(this.prefixed(step.span))
      tx.keyspace(this.numbers.high).clearSync(this.prefixed(step.span))
    }
    if (savepoint === undefined) steps.push(step)
    else savepoint.rollback()
  }

  /** `isHigh`: a clear is of keys in that store only; by default of both. */
  private write(key: string, isHigh?: boolean): Step {
    const { random } = this
    if (this.shape.tracesVersions || random.chance(0.7)) {
      return { type: 'put', key, value: ++this.value }
    }
    if (random.chance(0.6)) return { type: 'del', key }
    return { type: 'clear', span: this.span(isHigh) }
  }

  /** The store of the low keys and that of the high ones, in the transaction if passed. */
  private storesOf(tx: Tx | undefined): readonly [Store, Store] {
    const { db, high } = this.numbers
    return tx === undefined ? [db, high] : [tx, tx.keyspace(high)]
  }

  private get(tx: Tx | undefined, key: string): Step {
    const [low, high] = this.storesOf(tx)
    const store = key < this.numbers.firstHigh ? low : high
    return { type: 'get', key, found: store.getSync(this.prefix + key) }
  }

  /** Reads the second store only for what is left of the limit. */
  private scan(tx: Tx | undefined): Step {
    const { prefix, random } = this
    const span = this.span()
    const reverse = random.chance(0.5)
    const limit = random.between(1, 3)
    const stores = this.storesOf(tx)
    const found: (readonly [string, number])[] = []
    for (const store of reverse ? [...stores].reverse() : stores) {
      const left = limit - found.length
      if (left === 0) break
      for (const [key, value] of store.entries({ ...this.prefixed(span), reverse, limit: left })) {
        found.push([key.slice(prefix.length), value])
      }
    }
    return { type: 'scan', span, reverse, limit, found }
  }

  private span(isHigh?: boolean): Span {
    const { numbers, random, shape } = this
    const keys =
      isHigh === undefined
        ? shape.keys
        : shape.keys.filter((key) => key >= numbers.firstHigh === isHigh)
    const [gte, last] = [random.pick(keys), random.pick(keys)].sort()
    return { gte, lt: `${last}~` }
  }

  private prefixed({ gte, lt }: Span): Span {
    return { gte: this.prefix + gte, lt: this.prefix + lt }
  }

  private record({ steps, startTick }: Client, isCommitted: boolean): void {
    const name = `t${this.executions.length}`
    this.executions.push({ name, steps, startTick, endTick: ++this.tick, isCommitted })
  }
}

/** A refusal is an answer; any other failure of a commit is a fault. */
function requireConflict(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'CONFLICT') throw error
}
