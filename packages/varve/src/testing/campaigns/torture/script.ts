import { Prng } from '../../../base/prng.js'
import type { Durability, OpenOptions } from '../../../db/api.js'
import type { Write } from '../../kit/oracle.js'
import { Workload } from '../../kit/workload.js'
import { sharedClock } from './shared-clock.js'

// What a process of one cycle does, known in advance by the process that kills it: both draw it from the
// seed of the cycle.

/** They write at the same time, each to keys of its own, so that their states can be told apart. */
export const writerCount = 4

/** Writes that a writer may have under way at once. */
export const maxUnderWay = 6

export interface Cycle {
  readonly seed: number
  readonly options: OpenOptions
  /** How long the process lives, beginning with its start or with its first acknowledgement. */
  readonly lifeMs: number
  readonly diesInRecovery: boolean
}

const durabilities: readonly Durability[] = ['os', 'sync', { intervalMs: 5 }]
const maxLifeMs = 250
const maxRecoveryMs = 150
const KiB = 1024

/** Of every other entry that expires: many do within their cycle, others some cycles later. */
const longestShortTtlMs = 600
/** Of the others. */
const longTtlMs = 2 * 60 * 60 * 1000
/** What may still have so long to go must be there: it was put with `longTtlMs`. */
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
  return { seed, options, lifeMs, diesInRecovery }
}

/** The writes of one writer in one cycle, for ever. Keys and ranges are its own. */
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
 * Where each writer notes, with every batch, how many writes of each were acknowledged when it began:
 * what was acknowledged before another write began must be there if that one is. A death never leaves a
 * hole.
 */
export function noteKeyOf(writer: number): string {
  return `note:${writer}`
}

export function encodeNote(seed: number, acknowledged: readonly number[]): Buffer {
  return Buffer.from([seed, ...acknowledged].join(' '))
}

/** How many of each writer were acknowledged; undefined when it is the note of another cycle. */
export function decodeNote(seed: number, note: Uint8Array | undefined): number[] | undefined {
  const [ofSeed, ...acknowledged] = Buffer.from(note ?? '')
    .toString()
    .split(' ')
    .map(Number)
  return ofSeed === seed ? acknowledged : undefined
}
