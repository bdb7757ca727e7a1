import type { RunCompaction } from '../compaction-options.js'

/** What a database was used for in a while. */
export interface Mix {
  readonly seconds: number
  /** Keys and values. */
  readonly writtenBytes: number
  readonly gets: number
  /** Walks over ranges, and the entries that they gave. */
  readonly scans: number
  readonly scannedEntries: number
  /** For how long writes were held back. */
  readonly stalledSeconds: number
}

/** What costs depend on beside the mix and the policy. */
export interface Circumstances {
  readonly dataBytes: number
  readonly memtableBytes: number
  /** Bytes that a thread writes in a second while it merges. */
  readonly mergeBytesPerSecond: number
  /** Threads that merge beside the one that reads and writes; 0: that one does. */
  readonly threads: number
}

/** The tree that a policy makes, on average, of keys drawn evenly. */
interface ExpectedTree {
  /** Bytes that flushes and merges write for each byte written. */
  readonly writeAmplification: number
  /** Sorted runs that a read has to look into. */
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
  // A merge of the whole last level stays on it.
  const lastRuns = (1 + runsInLastLevel) / 2
  return {
    writeAmplification: 1 + (depth - 1) * perLevel + onLast,
    // A level that is begun has runs like a full one, though it takes part in fewer merges.
    runs: l0Trigger / 2 + (Math.ceil(depth) - 1) * meanRuns(runsPerLevel) + lastRuns,
  }
}

/** Runs collect until there is one too many, and then all of them leave. */
function meanRuns(allowed: number): number {
  return allowed === 1 ? 1 : allowed / 2
}

/** Seconds of the thread that reads, measured on records of 116 bytes in memory. */
const secondsPerGet = 1.7e-6
/**
 * Finding the table of a run, and learning from its filter that the key is absent. The memory that
 * this touches is in no processor cache. Measured as the difference between databases of 50,000 and
 * 400,000 records in 2 to 10 runs, read in turn at random: 0.12 to 0.18 µs a run. A filter that was
 * used a moment ago takes less than half of that.
 */
const secondsPerRunOfGet = 0.15e-6
const secondsPerRunOfScan = 2e-6
const secondsPerEntry = 0.45e-6
/** For each time that the number of runs doubles: one more comparison. */
const secondsPerEntryAndDoubling = 0.1e-6

/**
 * The weight of a second on another thread. It takes memory bandwidth, battery, and processor cache
 * from the thread that reads: point reads took 3% to 47% longer beside a merge on two cores, with a
 * median of 20% over several runs.
 */
const backgroundWeight = 0.25
/** Share of a thread's time from which merges fall behind, as they come in bursts. */
const busyShare = 0.7
/** Seconds that writers wait for each second that merges are behind. */
const waitPerSecondBehind = 1

/**
 * What a policy costs in seconds of work for each second of the mix: reads, merges, and waiting for
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
  // Less to merge would have stalled less.
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

/** Seconds that it costs to bring a tree into the shape of another policy: merging its runs. */
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
