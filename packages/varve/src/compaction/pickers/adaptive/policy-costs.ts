import type { RunCompaction } from '../compaction-options.js'

/** The operations of a database in a period of time. */
export interface Mix {
  readonly seconds: number
  /** Bytes of keys and values. */
  readonly writtenBytes: number
  readonly gets: number
  /** Range scans, and the entries that they returned. */
  readonly scans: number
  readonly scannedEntries: number
  /** How long writes were held back. */
  readonly stalledSeconds: number
}

/** Everything that costs depend on besides the mix and the policy. */
export interface Circumstances {
  readonly dataBytes: number
  readonly memtableBytes: number
  /** Bytes that a thread writes per second while it merges. */
  readonly mergeBytesPerSecond: number
  /** Threads that merge in addition to the one that reads and writes; 0 if that thread merges. */
  readonly threads: number
}

/** The average tree that a policy produces with uniformly distributed keys. */
interface ExpectedTree {
  /** Bytes that flushes and merges write for each byte written. */
  readonly writeAmplification: number
  /** Sorted runs that a read must search. */
  readonly runs: number
}

/**
 * After Dayan and Idreos, "Dostoevsky", SIGMOD 2018. T is the size ratio; K and Z are the numbers
 * of runs that a level and the last level may hold. On each level, a byte is merged
 *
 *     K or Z = 1, table by table     (T + 1) / 2 times: into a run that is half full on average
 *     Z = 1, below several runs      T times: each adds as much as it has
 *     several runs                   T / (K + 1) times, which is once for K = T − 1
 */
export function expectedTree(
  { sizeRatio, runsPerLevel, runsInLastLevel, l0Trigger }: RunCompaction,
  { dataBytes, memtableBytes }: Pick<Circumstances, 'dataBytes' | 'memtableBytes'>,
): ExpectedTree {
  const arrivingBytes = l0Trigger * memtableBytes
  const ratio = Math.max(1, dataBytes / arrivingBytes)
  const depth = Math.max(1, Math.log(ratio) / Math.log(sizeRatio))
  const perLevel = runsPerLevel === 1 ? (sizeRatio + 1) / 2 : sizeRatio / (runsPerLevel + 1)
  const onLast =
    runsInLastLevel > 1
      ? sizeRatio / (runsInLastLevel + 1)
      : runsPerLevel > 1
        ? sizeRatio
        : (sizeRatio + 1) / 2
  // A merge of the whole last level writes to the same level.
  const lastRuns = (1 + runsInLastLevel) / 2
  return {
    writeAmplification: 1 + (depth - 1) * perLevel + onLast,
    // A partly filled level has as many runs as a full one, though it takes part in fewer merges.
    runs: l0Trigger / 2 + (Math.ceil(depth) - 1) * meanRuns(runsPerLevel) + lastRuns,
  }
}

/**
 * The average number of runs of a level: they accumulate until there is one too many, and then all
 * move down.
 */
function meanRuns(allowed: number): number {
  return allowed === 1 ? 1 : allowed / 2
}

/** Seconds on the reading thread, measured with records of 116 bytes in memory. */
const secondsPerGet = 1.7e-6
/**
 * The cost of finding the table of a run and checking its filter, which excludes the key. This
 * memory is not in a processor cache. Measured as the difference between databases of 50,000 and
 * 400,000 records in 2 to 10 runs, read in turn at random: 0.12 to 0.18 µs per run. A recently used
 * filter takes less than half of that.
 */
const secondsPerRunOfGet = 0.15e-6
const secondsPerRunOfScan = 2e-6
const secondsPerEntry = 0.45e-6
/** For each doubling of the number of runs: one more comparison. */
const secondsPerEntryAndDoubling = 0.1e-6

/**
 * The weight of a second on another thread. That thread takes memory bandwidth and processor cache
 * from the reading thread, and uses power: on two cores, point reads took 3% to 47% longer during a
 * merge, with a median of 20% over several runs.
 */
const backgroundWeight = 0.25
/** Share of a thread's time above which merges fall behind, because they come in bursts. */
const busyShare = 0.7
/** Seconds that writers wait per second that merges are behind. */
const waitPerSecondBehind = 1

/**
 * The cost of a policy, in seconds of work per second of the mix: reads, merges, and waiting for
 * merges. `stallsOf`: the policy under which the stalls of the mix happened.
 */
export function costOf(
  compaction: RunCompaction,
  mix: Mix,
  circumstances: Circumstances,
  stallsOf: RunCompaction,
): number {
  const { mergeBytesPerSecond, threads } = circumstances
  const { writeAmplification, runs } = expectedTree(compaction, circumstances)
  const mergeSeconds = (mix.writtenBytes * writeAmplification) / mergeBytesPerSecond
  const behindSeconds = threads === 0 ? 0 : mergeSeconds - busyShare * threads * mix.seconds
  // With less to merge, writes would have stalled less.
  const stalledSeconds =
    (mix.stalledSeconds * writeAmplification) /
    expectedTree(stallsOf, circumstances).writeAmplification
  const workSeconds =
    mergeSeconds * (threads === 0 ? 1 : backgroundWeight) +
    Math.max(0, behindSeconds * waitPerSecondBehind, stalledSeconds) +
    readSeconds(mix, runs)
  return workSeconds / mix.seconds
}

function readSeconds({ gets, scans, scannedEntries }: Mix, runs: number): number {
  const perGet = secondsPerGet + secondsPerRunOfGet * runs
  const perEntry = secondsPerEntry + secondsPerEntryAndDoubling * Math.log2(Math.max(1, runs))
  return gets * perGet + scans * runs * secondsPerRunOfScan + scannedEntries * perEntry
}

/**
 * The cost, in seconds, of changing the shape of a tree to that of another policy by merging its
 * runs.
 */
export function changeSeconds(
  from: RunCompaction,
  to: RunCompaction,
  { dataBytes, mergeBytesPerSecond, threads }: Circumstances,
): number {
  let bytes = 0
  if (to.runsInLastLevel < from.runsInLastLevel) bytes = dataBytes
  else if (to.runsPerLevel < from.runsPerLevel) bytes = (2 * dataBytes) / from.sizeRatio
  return (bytes / mergeBytesPerSecond) * (threads === 0 ? 1 : backgroundWeight)
}
