/** The policies that merge sorted runs. They differ in the number of runs that a level may hold. */
export type RunPolicy = 'leveled' | 'sizeTiered' | 'lazyLeveled'

/** How far compactions may fall behind before writes are held back. */
export interface StallThresholds {
  /**
   * Tables on level 0 that sustained writes are held to, by slowing them down.
   *
   * Values: `l0Trigger` to 1000. Default: 8, or 2 × `l0Trigger` if that is more.
   */
  readonly l0Slowdown: number
  /**
   * Tables on level 0 at which writes are stopped.
   *
   * Values: `l0Slowdown` to 1000. Default: 1.5 × `l0Slowdown`.
   */
  readonly l0Stop: number
  /**
   * Bytes of compaction debt at which writes are slowed down.
   *
   * Values: 1 MiB to 2^50. Default: 16 GiB.
   */
  readonly debtSlowdownBytes: number
  /**
   * Bytes of compaction debt at which writes are stopped.
   *
   * Values: `debtSlowdownBytes` to 2^50. Default: 4 × `debtSlowdownBytes`.
   */
  readonly debtStopBytes: number
}

export const noStallThresholds: WriteLimits = {
  l0Trigger: Infinity,
  l0Slowdown: Infinity,
  l0Stop: Infinity,
  debtSlowdownBytes: Infinity,
  debtStopBytes: Infinity,
}

/** When runs are merged, and how fast levels grow. */
export interface RunThresholds extends StallThresholds {
  /**
   * How many times larger each level is than the one above it.
   *
   * Values: 2 to 100. Default: 10 for `'leveled'`, otherwise 4.
   */
  readonly sizeRatio: number
  /**
   * Sorted runs that a level between level 0 and the last level may hold. Not for `'adaptive'`.
   *
   * Values: 1 to `sizeRatio` − 1. Default: 1 for `'leveled'`, otherwise `sizeRatio` − 1.
   */
  readonly runsPerLevel: number
  /**
   * Sorted runs that the last level may hold. Not for `'adaptive'`.
   *
   * Values: 1 to `runsPerLevel`. Default: `sizeRatio` − 1 for `'sizeTiered'`, otherwise 1.
   */
  readonly runsInLastLevel: number
  /**
   * Tables on level 0 that start a compaction.
   *
   * Values: 1 to 1000. Default: 4.
   */
  readonly l0Trigger: number
  /**
   * Limit in bytes of the first level below level 0, when levels hold one run. The default is the
   * size of one compaction of level 0.
   *
   * Values: 4 KiB to 2^50. Default: `l0Trigger` × `memtableBytes`.
   */
  readonly baseBytes: number
  /**
   * Levels in use, level 0 included. The last one holds most of the data.
   *
   * Values: 2 to 7. Default: 7.
   */
  readonly maxLevels: number
  /**
   * Compact tables of a level that is not full if their deletes free this share of the bytes that
   * the compaction reads.
   *
   * Values: 0.01 to 1, or Infinity for never. Default: 0.25.
   */
  readonly garbageShare: number
  /**
   * Compact a table after `sizeBytes / fruitlessReadBytes` reads (at least 100) that found nothing
   * in it. With the default, the compaction takes about as long as those reads did.
   *
   * Values: 64 to 2^50, or Infinity for never. Default: 1 KiB.
   */
  readonly fruitlessReadBytes: number
  /**
   * Compact tables older than this many milliseconds, so that deletes and new settings eventually
   * reach every entry.
   *
   * Values: 60,000 to 2^50, or Infinity for never. Default: Infinity.
   */
  readonly maxTableAgeMs: number
}

/** When writes are held back, and from how many tables a merge of level 0 is due. */
export type WriteLimits = StallThresholds & Pick<RunThresholds, 'l0Trigger'>

/** When tables are dropped, the oldest first. Nothing is merged. */
export interface FifoThresholds {
  /**
   * Bytes of tables to keep.
   *
   * Values: 4 KiB to 2^50. Default: 1 GiB.
   */
  readonly maxBytes: number
  /**
   * Age in milliseconds at which a table is dropped.
   *
   * Values: 1000 to 2^50, or Infinity for never. Default: Infinity.
   */
  readonly maxAgeMs: number
}

/** A policy that merges runs, with all its thresholds. */
export interface RunCompaction extends RunThresholds {
  readonly policy: RunPolicy
}

/** First in, first out, with all its thresholds. Writes never wait because of tables. */
export interface FifoCompaction extends FifoThresholds {
  readonly policy: 'fifo'
}

export type Compaction = RunCompaction | FifoCompaction

/** How `'adaptive'` chooses among the policies that merge runs. */
export interface AdaptiveThresholds {
  /**
   * Milliseconds between two evaluations of the mix of reads and writes.
   *
   * Values: 10 to 3,600,000. Default: 500.
   */
  readonly windowMs: number
  /**
   * Share of the work that another policy must save to be chosen.
   *
   * Values: 0 to 0.9. Default: 0.1.
   */
  readonly margin: number
}

/** Chooses the policy that suits the current mix of reads and writes. */
export interface AdaptiveCompaction extends AdaptiveThresholds {
  readonly policy: 'adaptive'
  /** The policies to choose among, from the fewest runs to the most. */
  readonly candidates: readonly RunCompaction[]
}

/** A policy, or `adaptive`, which chooses one. */
export type CompactionSetting = Compaction | AdaptiveCompaction

/** How a tree compacts; see `OpenOptions.compaction`. */
export type CompactionPolicy = CompactionSetting['policy']

/** A policy and the thresholds that differ from its defaults. */
export type FixedCompactionOptions =
  | (Partial<RunThresholds> & { readonly policy: RunPolicy })
  | (Partial<FifoThresholds> & { readonly policy: 'fifo' })

/** With `'adaptive'`, the thresholds apply to all policies that it chooses among. */
export type AdaptiveCompactionOptions = Partial<
  AdaptiveThresholds & Omit<RunThresholds, 'runsPerLevel' | 'runsInLastLevel'>
> & { readonly policy: 'adaptive' }

/** A policy with thresholds: a fixed one, or `'adaptive'`. */
export type CompactionOptions = FixedCompactionOptions | AdaptiveCompactionOptions
