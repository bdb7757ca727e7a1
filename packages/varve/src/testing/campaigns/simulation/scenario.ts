import type { Clock } from '../../../base/clock.js'
import { hashBytes } from '../../../base/bytes/hash.js'
import { Prng } from '../../../base/prng.js'
import type { RunPolicy } from '../../../compaction/pickers/compaction-options.js'
import type { Durability } from '../../../db/api.js'
import { Database } from '../../../db/database.js'
import { type ResolvedOptions, resolveOptions } from '../../../db/options/open-options.js'
import type { FileSystem } from '../../../fs/file-system.js'
import type { BinaryDatabase } from '../../harness/comparison.js'
import { type KeyspaceShape, modelKeyspaces } from '../../harness/keyspace-shape.js'
import { DeferredExecutor } from './deferred-executor.js'
import { type Operation, Workload, type WorkloadScale } from '../../kit/workload.js'

/** One step of a simulated client: an operation of the oracle, a checkpoint or a crash. */
export type Step =
  | Operation
  | { readonly type: 'checkpoint' }
  /** The process dies or the power fails. The client then reopens the remaining files. */
  | { readonly type: 'die'; readonly of: 'kill' | 'powerLoss' }

/** All inputs of a run, as plain data. Equal scenarios give equal traces. */
export interface Scenario {
  readonly seed: number
  readonly options: SimulatedOptions
  /** Beside the default keyspace. */
  readonly keyspaces: readonly KeyspaceShape[]
  readonly steps: readonly Step[]
}

/** Sizes so small that a few dozen writes cause flushes, merges and MANIFEST rotations. */
export interface SimulatedOptions {
  readonly durability: Durability
  readonly background: 'inline' | 'deferred'
  /** The maximum number of merges, or parts of a merge, in progress. */
  readonly mergeSlots: number
  readonly policy: RunPolicy
  readonly memtableBytes: number
  readonly blockBytes: number
  readonly cacheBytes: number
  readonly filterBitsPerKey: number
  readonly codec: string
  readonly l0Trigger: number
  readonly sizeRatio: number
  readonly maxManifestBytes: number
}

const scale: WorkloadScale = {
  keyCount: 40,
  longestKeyBytes: 300,
  shortValueBytes: 120,
  longValueBytes: 900,
  hugeValueBytes: 9000,
  maxBatchWrites: 10,
  longestTtlMs: 200,
}

const weights: Record<Operation['type'], number> = {
  write: 100,
  burst: 20,
  get: 6,
  scan: 4,
  snapshot: 4,
  dropSnapshot: 4,
  openWalk: 2,
  stepWalk: 4,
  flush: 6,
  compact: 3,
  reopen: 4,
  wait: 6,
  drop: 5,
  transaction: 14,
}
const checkpointChance = 0.02
const deathChance = 0.03
/** Of scenarios with more than the default keyspace. */
const keyspacesChance = 0.5

export function drawScenario(seed: number, stepCount: number): Scenario {
  const random = new Prng(seed)
  const options = drawOptions(random)
  const keyspaces = random.chance(keyspacesChance) ? drawKeyspaces(random) : []
  const workload = new Workload(random, scale, weights, keyspaces)
  const steps = Array.from({ length: stepCount }, (): Step => {
    if (random.chance(checkpointChance)) return { type: 'checkpoint' }
    if (random.chance(deathChance)) {
      return { type: 'die', of: random.pick(['kill', 'powerLoss']) }
    }
    return workload.next()
  })
  return { seed, options, keyspaces, steps }
}

function drawKeyspaces(random: Prng): readonly KeyspaceShape[] {
  return modelKeyspaces.map((shape) => ({
    ...shape,
    tuning: {
      blockBytes: random.pick([256, 1024]),
      codec: random.pick(['none', 'deflate']),
      compaction: random.pick(['leveled', 'sizeTiered', 'lazyLeveled']),
    },
  }))
}

function drawOptions(random: Prng): SimulatedOptions {
  const KiB = 1024
  return {
    background: random.pick(['inline', 'deferred']),
    policy: random.pick(['leveled', 'leveled', 'sizeTiered', 'lazyLeveled']),
    durability: random.pick(['os', 'os', 'sync', { intervalMs: 20 }] as const),
    memtableBytes: random.pick([4, 6, 12]) * KiB,
    blockBytes: random.pick([256, 1024, 4096]),
    cacheBytes: random.pick([0, 64 * KiB]),
    filterBitsPerKey: random.pick([0, 10]),
    codec: random.pick(['none', 'none', 'lz4', 'lz4hc', 'deflate']),
    l0Trigger: random.pick([1, 2, 4]),
    sizeRatio: random.pick([2, 4]),
    maxManifestBytes: random.pick([512, 4096]),
    mergeSlots: random.pick([1, 3]),
  }
}

/** Opens synchronously, so that nothing changes the files between the crash and the open. */
export function openSimulated(
  fileSystem: FileSystem,
  clock: Clock,
  options: SimulatedOptions,
  paranoid = false,
  path = simulatedPath,
): BinaryDatabase {
  const { background, mergeSlots, policy, l0Trigger, sizeRatio, maxManifestBytes, ...others } =
    options
  const resolved = resolveOptions({
    ...others,
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    background: 'inline',
    coldReads: 'async',
    tableBytes: options.memtableBytes,
    maxOpenTables: 16,
    compaction: { policy, l0Trigger, sizeRatio, baseBytes: options.memtableBytes },
    paranoid,
    fileSystem,
    clock,
  })
  const random = new Prng(hashOf(clock.uniqueToken()))
  const newExecutor: ResolvedOptions['newExecutor'] =
    background === 'inline'
      ? undefined
      : (environment) => new DeferredExecutor(environment, clock, random, mergeSlots)
  return Database.open(path, {
    ...resolved,
    maxManifestBytes,
    ...(newExecutor === undefined ? {} : { newExecutor }),
  })
}

function hashOf(text: string): number {
  return hashBytes(Buffer.from(text), 0, text.length)
}

export const simulatedPath = '/db'

/** The directory of a client's checkpoints, which exist one at a time. */
export const checkpointPath = '/copy'
