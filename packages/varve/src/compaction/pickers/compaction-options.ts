/** The policies that merge sorted runs. They differ in how many runs a level may hold. */
export type RunPolicy = 'leveled' | 'sizeTiered' | 'lazyLeveled'

/** How far compactions may be behind before writes are held back. */
export interface StallThresholds {
  /** Tables on level 0 from which writes are slowed down. l0Trigger to 1000; default 8. */
  readonly l0Slowdown: number
  /** Tables on level 0 at which writes wait. l0Slowdown to 1000; default 12. */
  readonly l0Stop: number
  /**
   * Bytes that compactions are behind from which writes are slowed down. 1 MiB to 2^50; default 16 GiB.
   */
  readonly debtSlowdownBytes: number
  /**
   * Bytes that compactions are behind at which writes wait. debtSlowdownBytes to 2^50; default 64 GiB, or
   * 4 × debtSlowdownBytes.
   */
  readonly debtStopBytes: number
}

export const noStallThresholds: StallThresholds = {
  l0Slowdown: Infinity,
  l0Stop: Infinity,
  debtSlowdownBytes: Infinity,
  debtStopBytes: Infinity,
}

/** When runs are merged, and how much larger each level is than the one above it. */
export interface RunThresholds extends StallThresholds {
  /** How many times larger each level is than the one above it. 2 to 100; default by policy. */
  readonly sizeRatio: number
  /** Sorted runs that a level between level 0 and the last may hold. 1 to sizeRatio − 1. */
  readonly runsPerLevel: number
  /** Sorted runs that the last level may hold. 1 to runsPerLevel. */
  readonly runsInLastLevel: number
  /** Tables on level 0 that start a compaction. 1 to 1000; default 4. */
  readonly l0Trigger: number
  /**
   * With one run on each level: size that the first level below level 0 is kept below, in bytes.
   * 4 KiB to 2^50; default l0Trigger × memtableBytes, which is what level 0 sends down at once.
   */
  readonly baseBytes: number
  /** Levels in use, level 0 included; the last one is the bottom. 2 to 7; default 7. */
  readonly maxLevels: number
  /**
   * Tables are compacted though their level is not full when their deletes free this share of the bytes
   * that have to be read for it. 0.01 to 1, or Infinity: never; default 0.25.
   */
  readonly garbageShare: number
  /**
   * So are tables in which reads found nothing: one read in vain for each so many bytes of them, and 100
   * at least. 64 to 2^50, or Infinity: never; default 1 KiB, which takes about as long to merge as a read
   * in vain takes when it has to wait for the disk now and then.
   */
  readonly fruitlessReadBytes: number
  /** So are tables older than this, in milliseconds. 60,000 to 2^50, or Infinity, the default: never. */
  readonly maxTableAgeMs: number
}

/** When whole tables go, the oldest first. Nothing is merged. */
export interface FifoThresholds {
  /** Bytes of all tables that are kept. 4 KiB to 2^50; default 1 GiB. */
  readonly maxBytes: number
  /** Age at which a table goes, in milliseconds since it was written. 1000 to 2^50, or Infinity, the default. */
  readonly maxAgeMs: number
}

/** A policy that merges runs, with all of its thresholds. */
export interface RunCompaction extends RunThresholds {
  readonly policy: RunPolicy
}

/** First in, first out, with all of its thresholds. Writes are never held back for tables. */
export interface FifoCompaction extends FifoThresholds {
  readonly policy: 'fifo'
}

export type Compaction = RunCompaction | FifoCompaction

/** How a policy is chosen among those that merge runs, while the database is used. */
export interface AdaptiveThresholds {
  /** How often the mix of reads and writes is looked at, in milliseconds. 10 to 3,600,000; default 500. */
  readonly windowMs: number
  /** Share of its work that another policy must save to be better. 0 to 0.9; default 0.1. */
  readonly margin: number
}

/** Whichever policy suits what the database is used for. */
export interface AdaptiveCompaction extends AdaptiveThresholds {
  readonly policy: 'adaptive'
  /** What it chooses among, from the fewest runs to the most. */
  readonly candidates: readonly RunCompaction[]
}

/** What a database is told: a policy, or to choose one. */
export type CompactionSetting = Compaction | AdaptiveCompaction

/** How a tree compacts; see `OpenOptions.compaction`. */
export type CompactionPolicy = CompactionSetting['policy']

/** A policy, with those of its thresholds that are not to have their defaults. */
export type FixedCompactionOptions =
  | (Partial<RunThresholds> & { readonly policy: RunPolicy })
  | (Partial<FifoThresholds> & { readonly policy: 'fifo' })

/** With 'adaptive', the thresholds are those of all policies that it chooses among. */
export type AdaptiveCompactionOptions = Partial<
  AdaptiveThresholds & Omit<RunThresholds, 'runsPerLevel' | 'runsInLastLevel'>
> & { readonly policy: 'adaptive' }

/** A policy with thresholds: one that is given, or 'adaptive'. */
export type CompactionOptions = FixedCompactionOptions | AdaptiveCompactionOptions
