import type { Prng } from '../../base/prng.js'
import type { ModelRange, ModelScan, Write } from './oracle.js'
import type { TransactionPlan, TransactionStep } from './transaction-plan.js'

/**
 * One operation of a test on an engine. `slot` selects one of a few snapshots or open iterators.
 */
export type Operation =
  | { readonly type: 'write'; readonly writes: readonly Write[]; readonly sync: boolean }
  /** Groups of writes that start together and are awaited together. */
  | { readonly type: 'burst'; readonly groups: readonly (readonly Write[])[] }
  | ({ readonly type: 'get'; readonly keys: readonly string[]; readonly slot: number } & InKeyspace)
  | ({ readonly type: 'scan'; readonly scan: ModelScan; readonly slot: number } & InKeyspace)
  | { readonly type: 'snapshot'; readonly slot: number }
  | { readonly type: 'dropSnapshot'; readonly slot: number }
  | ({ readonly type: 'openWalk'; readonly slot: number; readonly scan: ModelScan } & InKeyspace)
  | { readonly type: 'stepWalk'; readonly slot: number; readonly steps: number }
  | ({ readonly type: 'flush'; readonly wait: boolean } & InKeyspace)
  | ({ readonly type: 'compact'; readonly range: ModelRange; readonly wait: boolean } & InKeyspace)
  /** The next use of the keyspace creates it again. */
  | ({ readonly type: 'drop'; readonly wait: boolean } & InKeyspace)
  | { readonly type: 'transaction'; readonly plan: TransactionPlan }
  | { readonly type: 'reopen' }
  | { readonly type: 'wait'; readonly delayMs: number }

/** The number of a keyspace. Default: 0, the default keyspace. */
interface InKeyspace {
  readonly keyspace?: number
}

/** The maximum number of open snapshots, and of open iterators. */
export const slotCount = 3

/** The sizes and frequencies that a workload draws from. */
export interface WorkloadScale {
  readonly keyCount: number
  readonly longestKeyBytes: number
  /** Values: most are short, every third is long, one in a thousand is huge. */
  readonly shortValueBytes: number
  readonly longValueBytes: number
  readonly hugeValueBytes: number
  readonly maxBatchWrites: number
  /** For every fifth put. Default: no entry expires. */
  readonly longestTtlMs?: number
}

export const fullScale: WorkloadScale = {
  keyCount: 400,
  longestKeyBytes: 64 * 1024,
  shortValueBytes: 200,
  longValueBytes: 4000,
  hugeValueBytes: 200_000,
  maxBatchWrites: 40,
}

/** The relative frequency of each kind of operation. */
const defaultWeights: Record<Operation['type'], number> = {
  write: 400,
  burst: 30,
  get: 100,
  scan: 30,
  snapshot: 8,
  dropSnapshot: 6,
  openWalk: 10,
  stepWalk: 40,
  flush: 5,
  compact: 3,
  reopen: 2,
  wait: 10,
  drop: 4,
  transaction: 40,
}

/** These need other keyspaces than the default one. */
const keyspaceTypes: ReadonlySet<string> = new Set([
  'drop',
  'transaction',
] satisfies Operation['type'][])

/**
 * Draws operations at the points where engines break: keys that are prefixes of each other, bytes 0
 * and 255, few keys that are written often, values from empty to larger than a memtable, ranges
 * that start and end on keys and between them.
 *
 * Owned by: a test. The same seed gives the same operations.
 */
export class Workload {
  private readonly keys: readonly string[]

  constructor(
    private readonly random: Prng,
    private readonly scale = fullScale,
    private readonly weights = defaultWeights,
    /** The keyspaces 1, 2 and so on, with their default TTL. */
    private readonly keyspaces: readonly { readonly ttlMs?: number }[] = [],
  ) {
    this.keys = Array.from({ length: scale.keyCount }, (_, i) => this.newKey(i))
  }

  next(): Operation {
    const { random } = this
    const slot = random.below(slotCount)
    switch (this.nextType()) {
      case 'write':
        return { type: 'write', writes: this.writes(), sync: random.chance(0.1) }
      case 'burst':
        return { type: 'burst', groups: this.times(random.between(2, 12), () => this.writes()) }
      case 'get':
        return {
          type: 'get',
          keys: this.times(random.between(1, 6), () => this.key()),
          slot,
          ...this.anyKeyspace(),
        }
      case 'scan':
        return { type: 'scan', scan: this.scan(), slot, ...this.anyKeyspace() }
      case 'snapshot':
        return { type: 'snapshot', slot }
      case 'dropSnapshot':
        return { type: 'dropSnapshot', slot }
      case 'openWalk':
        return { type: 'openWalk', slot, scan: this.scan(), ...this.anyKeyspace() }
      case 'stepWalk':
        return { type: 'stepWalk', slot, steps: random.between(1, 60) }
      case 'flush':
        return { type: 'flush', wait: random.chance(0.5), ...this.anyKeyspace() }
      case 'compact': {
        const range = random.chance(0.5) ? {} : this.range()
        return { type: 'compact', range, wait: random.chance(0.5), ...this.anyKeyspace() }
      }
      case 'drop': {
        const keyspace = random.between(1, this.keyspaces.length)
        return { type: 'drop', wait: random.chance(0.7), keyspace }
      }
      case 'transaction':
        return { type: 'transaction', plan: this.transaction() }
      case 'reopen':
        return { type: 'reopen' }
      case 'wait':
        return { type: 'wait', delayMs: random.between(1, 40) }
    }
  }

  /** The writes of one batch, or a single write. */
  writes(): Write[] {
    const { random } = this
    const where = this.anyKeyspace()
    if (random.chance(0.8)) return [this.write(where)]
    return this.times(random.between(2, this.scale.maxBatchWrites), () => {
      const isElsewhere = where.keyspace !== undefined && random.chance(0.4)
      return this.putOrDelete(isElsewhere ? this.anyKeyspace() : where)
    })
  }

  key(): string {
    return this.random.pick(this.keys)
  }

  /** Draws nothing if the default keyspace is the only one: old seeds keep their meaning. */
  private anyKeyspace(): InKeyspace {
    const { keyspaces, random } = this
    return keyspaces.length === 0 ? {} : { keyspace: random.below(keyspaces.length + 1) }
  }

  private transaction(): TransactionPlan {
    const { random } = this
    const steps = this.times(random.between(1, 8), (): TransactionStep => {
      const shape = random.below(10)
      if (shape < 5) return { type: 'write', writes: [this.write(this.anyKeyspace())] }
      if (shape < 7) return { type: 'get', key: this.key(), ...this.anyKeyspace() }
      if (shape < 8) return { type: 'scan', scan: this.scan(), ...this.anyKeyspace() }
      return { type: random.pick(['savepoint', 'undo']) }
    })
    return {
      steps,
      end: random.pick(['commit', 'commit', 'commitSync', 'rollback']),
      rival: random.chance(0.3) ? this.rivalOf(steps) : [],
      sync: random.chance(0.1),
    }
  }

  /** Writes to a key that the transaction reads, or to any. */
  private rivalOf(steps: readonly TransactionStep[]): Write[] {
    const reads = steps.filter((step) => step.type === 'get')
    if (reads.length === 0 || this.random.chance(0.3)) {
      return this.writes().filter(({ type }) => type !== 'clear')
    }
    const { key, keyspace = 0 } = this.random.pick(reads)
    return [{ ...this.putOrDelete({ keyspace }), key } as Write]
  }

  private nextType(): Operation['type'] {
    const hasKeyspaces = this.keyspaces.length > 0
    const weights = Object.entries(this.weights).filter(
      ([type]) => hasKeyspaces || !keyspaceTypes.has(type),
    )
    let left = this.random.below(weights.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [type, weight] of weights) {
      left -= weight
      if (left < 0) return type as Operation['type']
    }
    throw new Error('the weights do not add up')
  }

  private write(where: InKeyspace): Write {
    const isClear = this.random.chance(0.04)
    return isClear ? { type: 'clear', range: this.range(), ...where } : this.putOrDelete(where)
  }

  private putOrDelete(where: InKeyspace): Write {
    const { random } = this
    const { longestTtlMs } = this.scale
    const key = this.key()
    if (random.chance(0.25)) return { type: 'del', key, ...where }
    const defaultTtlMs = this.keyspaces[(where.keyspace ?? 0) - 1]?.ttlMs
    const hasOwnTtl = longestTtlMs !== undefined && random.chance(0.2)
    if (!hasOwnTtl && defaultTtlMs === undefined) {
      return { type: 'put', key, value: this.value(), ...where }
    }
    // The value must be unique, so that states that look equal now cannot differ later.
    const value = Buffer.concat([this.value(), random.bytes(8)])
    if (!hasOwnTtl) {
      const ttl = { ttlMs: defaultTtlMs!, hasDefaultTtl: true }
      return { type: 'put', key, value, ...ttl, ...where }
    }
    return { type: 'put', key, value, ttlMs: random.between(1, longestTtlMs), ...where }
  }

  private value(): Buffer {
    const { random } = this
    const { shortValueBytes, longValueBytes, hugeValueBytes } = this.scale
    const shape = random.below(1000)
    if (shape < 50) return Buffer.alloc(0)
    if (shape === 999) return Buffer.alloc(hugeValueBytes, random.bytes(1000))
    if (shape < 700) return random.bytes(random.between(1, shortValueBytes))
    return Buffer.alloc(random.between(longValueBytes >> 3, longValueBytes), random.bytes(30))
  }

  private scan(): ModelScan {
    const { random } = this
    const range = random.chance(0.2) ? {} : this.range()
    const limit = random.chance(0.3) ? { limit: random.below(30) } : {}
    return { ...range, ...limit, reverse: random.chance(0.5) }
  }

  /** Mostly narrow. Sometimes it has one bound, crossed bounds or a prefix. */
  private range(): ModelRange {
    const { random } = this
    if (random.chance(0.2)) return { prefix: this.key().slice(0, random.between(1, 3)) }
    const sorted = [...this.keys].sort()
    const low = random.below(sorted.length)
    const width = random.chance(0.1) ? random.between(-5, sorted.length) : random.between(1, 20)
    const start = sorted[low]
    const end = sorted[Math.max(0, Math.min(low + width, sorted.length - 1))]
    return {
      ...(random.chance(0.05) ? {} : random.chance(0.5) ? { gte: start } : { gt: start }),
      ...(random.chance(0.05) ? {} : random.chance(0.5) ? { lt: end } : { lte: end }),
    }
  }

  private newKey(i: number): string {
    const { random } = this
    if (i === 0) return 'x'.repeat(this.scale.longestKeyBytes)
    switch (random.below(5)) {
      case 0:
        return random.pick(['\0', '\xff', 'a']).repeat(random.between(1, 8))
      case 1:
        return random.bytes(random.between(1, 3)).toString('latin1')
      case 2:
        return Buffer.from(`ключ:${i}`).toString('latin1')
      default:
        return `user:${String(i).padStart(4, '0')}${random.chance(0.2) ? ':name' : ''}`
    }
  }

  private times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make)
  }
}
