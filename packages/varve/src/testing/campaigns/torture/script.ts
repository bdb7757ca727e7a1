import { Prng } from '../../../base/prng.js'
import type { Durability, OpenOptions } from '../../../db/api.js'
import type { Write } from '../../kit/oracle.js'
import { Workload } from '../../kit/workload.js'
import { sharedClock } from './shared-clock.js'

// The script of one cycle. The process that writes and the one that kills it both draw it from the
// seed of the cycle.

/** The writers run concurrently. Each has its own keys, so that their states can be separated. */
export const writerCount = 4

/** The maximum number of pending writes per writer. */
export const maxUnderWay = 6

export interface Cycle {
  readonly seed: number
  readonly options: OpenOptions
  /** The lifetime of the process, counted from its start or from its first acknowledgement. */
  readonly lifeMs: number
  /** The process lives on until this many writes are acknowledged. A busy machine takes longer. */
  readonly leastWrites: number
  readonly diesInRecovery: boolean
}

const durabilities: readonly Durability[] = ['os', 'sync', { intervalMs: 5 }]
const maxLifeMs = 250
const maxRecoveryMs = 150
const maxLeastWrites = 100
const KiB = 1024

/** For half of the entries that expire. Many do within their cycle, others some cycles later. */
const longestShortTtlMs = 600
/** For the other half. */
const longTtlMs = 2 * 60 * 60 * 1000
/** An entry that may have this long left was put with `longTtlMs`, so it must be there. */
export const surelyThereMs = longTtlMs / 2

export function drawCycle(seed: number): Cycle {
  const random = new Prng(seed)
  const policy = random.pick(['leveled', 'leveled', 'sizeTiered', 'lazyLeveled'] as const)
  const memtableBytes = random.pick([8, 32, 64]) * KiB
  const options: OpenOptions = {
    durability: random.pick(durabilities),
    memtableBytes,
    tableBytes: random.pick([16, 64]) * KiB,
    blockBytes: random.pick([256, 4096]),
    background: { mode: 'thread', threads: random.pick([1, 2]) },
    compaction: { policy, l0Trigger: 2, sizeRatio: 3, baseBytes: 4 * memtableBytes },
    clock: sharedClock,
  }
  const diesInRecovery = random.chance(0.15)
  const lifeMs = random.below(diesInRecovery ? maxRecoveryMs : maxLifeMs)
  const leastWrites = diesInRecovery ? 0 : random.below(maxLeastWrites)
  return { seed, options, lifeMs, leastWrites, diesInRecovery }
}

/** The endless sequence of writes of one writer in one cycle, within its own keys and ranges. */
export function* writesOf(seed: number, writer: number): Generator<readonly Write[], never> {
  const workload = new Workload(new Prng(seed * writerCount + writer), {
    keyCount: 150,
    longestKeyBytes: 2000,
    shortValueBytes: 200,
    longValueBytes: 3000,
    hugeValueBytes: 100_000,
    maxBatchWrites: 30,
    longestTtlMs: longestShortTtlMs,
  })
  for (;;) yield workload.writes().map((write) => ownedBy(writer, write))
}

export function prefixOf(writer: number): string {
  return `w${writer}:`
}

function ownedBy(writer: number, write: Write): Write {
  const prefix = prefixOf(writer)
  if (write.type === 'del') return { ...write, key: prefix + write.key }
  if (write.type === 'put') {
    const { ttlMs = 1 } = write
    return { ...write, key: prefix + write.key, ...(ttlMs % 2 === 0 ? { ttlMs: longTtlMs } : {}) }
  }
  if (write.type === 'drop') throw new Error('no keyspace is dropped here')
  const { gt, gte, lt, lte, prefix: inner = '' } = write.range
  return {
    type: 'clear',
    range: {
      prefix: prefix + inner,
      ...(gt === undefined ? {} : { gt: prefix + gt }),
      ...(gte === undefined ? {} : { gte: prefix + gte }),
      ...(lt === undefined ? {} : { lt: prefix + lt }),
      ...(lte === undefined ? {} : { lte: prefix + lte }),
    },
  }
}

/**
 * The key of a writer's note. With every batch, the writer stores the number of acknowledged writes
 * of each writer at its start. If the batch is found, those writes must be found too: a crash never
 * leaves a hole.
 */
export function noteKeyOf(writer: number): string {
  return `note:${writer}`
}

export function encodeNote(seed: number, acknowledged: readonly number[]): Buffer {
  return Buffer.from([seed, ...acknowledged].join(' '))
}

/** The acknowledged writes of each writer, or undefined if another cycle wrote the note. */
export function decodeNote(seed: number, note: Uint8Array | undefined): number[] | undefined {
  const [ofSeed, ...acknowledged] = Buffer.from(note ?? '')
    .toString()
    .split(' ')
    .map(Number)
  return ofSeed === seed ? acknowledged : undefined
}
