import { rangesOverlap } from '../../key/key-range.js'
import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { Compaction, RunCompaction } from '../pickers/compaction-options.js'
import type { CompactionInput, CompactionSpec } from '../pickers/compaction-spec.js'
import { shapeOf } from '../pickers/tree-shape.js'

/**
 * `uniform`: the same bits for every key. `monkey`: more for keys of small runs; see `allotBits`.
 */
export type FilterAllocation = 'monkey' | 'uniform'

/** The options that decide how many bits a filter gets. */
export interface FilterBudget {
  readonly filterAllocation: FilterAllocation
  /** Bits for each key of the tree, on average. */
  readonly filterBitsPerKey: number
  readonly memtableBytes: number
}

/** The sorted runs of one level. They are assumed to have the same size. */
export interface LevelRuns {
  readonly runs: number
  readonly sizeBytes: number
}

/** More bits hardly improve a filter whose probes share one 64-byte line. */
const mostBits = 20
/** A filter with fewer bits lets too many absent keys pass to be worth probing. */
const leastBits = 1
/** A Bloom filter with b bits per key lets e^(−b × this) of the absent keys pass. */
const decayPerBit = Math.LN2 ** 2

/** Bits for each key of the table that a flush of `flushBytes` writes. Pure. */
export function filterBitsOfFlush(
  version: Version,
  compaction: Compaction,
  { filterBitsPerKey, filterAllocation }: FilterBudget,
  flushBytes: number,
): number {
  if (filterAllocation === 'uniform' || compaction.policy === 'fifo') return filterBitsPerKey
  if (newestOverlapsLittle(version)) return filterBitsPerKey
  const output = { level: 0, isNewRun: true, sizeBytes: flushBytes }
  const after = levelsAfter(version, [], output)
  return allotBits(filterBitsPerKey, expectedLevels(version, compaction, after, flushBytes))[0]
}

/** Bits for each key of the tables that a merge writes. Pure. */
export function filterBitsOfMerge(
  version: Version,
  compaction: Compaction,
  { filterBitsPerKey, filterAllocation, memtableBytes }: FilterBudget,
  spec: CompactionSpec,
): number {
  if (filterAllocation === 'uniform' || compaction.policy === 'fifo') return filterBitsPerKey
  const { inputs, outputLevel, outputRun } = spec
  const isLast = outputLevel === shapeOf(version, compaction).lastLevel
  if (!isLast && overlapsLittle(version, spec)) return filterBitsPerKey
  const output = {
    level: outputLevel,
    isNewRun: version.runsOf(outputLevel).every(({ number }) => number !== outputRun),
    sizeBytes: inputs.reduce((sum, { tables }) => sum + totalBytes(tables), 0),
  }
  const after = levelsAfter(version, inputs, output)
  const flushed = version.levels[0].length
  const flushBytes = flushed > 0 ? version.levelBytes(0) / flushed : memtableBytes
  const levels = expectedLevels(version, compaction, after, flushBytes)
  return allotBits(filterBitsPerKey, levels)[outputLevel]
}

/**
 * Distributes a memory budget of `bitsPerKey` for each key of a tree over its levels, so that reads
 * of absent keys meet the fewest false positives. Improving a filter costs less in a run with fewer
 * keys. In theory, a run's false positive rate is then proportional to its size. Measured with 10
 * bits on average:
 *
 *                              bits   false positives
 *     level 0   4 × 1 MB       17.0   4 × 0.06%         uniform    10   4 × 1.0%
 *     level 6   1 × 40 MB       9.3       1.3%                     10       1.0%
 *                                         1.5%                              5.0%
 *
 * A run that would get less than one bit gets none. Entries are assumed to have the same size on
 * all levels.
 * Ensures: all levels together use at most `bitsPerKey` for every key of the tree.
 *
 * After Dayan, Athanassoulis and Idreos, "Monkey: Optimal Navigable Key-Value Store", SIGMOD 2017.
 */
export function allotBits(bitsPerKey: number, levels: readonly LevelRuns[]): number[] {
  const most = Math.max(mostBits, bitsPerKey)
  // Lagrange multipliers leave one unknown, the share common to all levels. Bisection finds it.
  const advantages = levels.map(({ runs, sizeBytes }) =>
    sizeBytes === 0 ? 0 : Math.log(runs / sizeBytes) / decayPerBit,
  )
  const bitsWith = (common: number): number[] =>
    advantages.map((advantage) => Math.max(0, Math.min(most, common + advantage)))
  const spent = (bits: readonly number[]): number =>
    levels.reduce((sum, { sizeBytes }, i) => sum + sizeBytes * bits[i], 0)
  const budget = bitsPerKey * levels.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let low = -Math.max(...advantages)
  let high = most - Math.min(...advantages)
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2
    if (spent(bitsWith(middle)) <= budget) low = middle
    else high = middle
  }
  return bitsWith(low).map((bits) => (bits < leastBits ? 0 : bits))
}

/** Narrows a few hundred bits to far less than one. */
const halvings = 40

/** The contents of each level after a job has removed its inputs and written its output. */
function levelsAfter(
  version: Version,
  inputs: readonly CompactionInput[],
  output: { level: number; isNewRun: boolean; sizeBytes: number },
): LevelRuns[] {
  return version.levels.map((tables, level) => {
    const leaving = inputs.filter((input) => input.level === level).flatMap((input) => input.tables)
    const staying = tables.length - leaving.length
    const sizeBytes = version.levelBytes(level) - totalBytes(leaving)
    const runs = level === 0 || staying === 0 ? staying : version.runsOf(level).length
    if (level !== output.level) return { runs, sizeBytes }
    return {
      runs: output.isNewRun || runs === 0 ? runs + 1 : runs,
      sizeBytes: sizeBytes + output.sizeBytes,
    }
  })
}

/** The average share of its runs that a level holds before they are merged down. */
const meanFill = 0.5

/**
 * The tree that the filters are sized for. Every level above the last has its average fill, or the
 * fill after this job if that is larger. The last level, which has the fewest bits per key, has its
 * current size. Tables written at different times then use about the bits of this tree in total.
 */
function expectedLevels(
  version: Version,
  compaction: RunCompaction,
  after: readonly LevelRuns[],
  flushBytes: number,
): LevelRuns[] {
  const { l0Trigger, runsPerLevel } = compaction
  const { lastLevel, capacities } = shapeOf(version, compaction)
  const fill = runsPerLevel > 1 ? meanFill : 1
  return after.slice(0, lastLevel + 1).map((held, level) => {
    if (level === lastLevel) return held
    const usual =
      level === 0
        ? {
            runs: meanFill * l0Trigger,
            sizeBytes: meanFill * Math.min(l0Trigger * flushBytes, after[lastLevel].sizeBytes),
          }
        : { runs: fill * runsPerLevel, sizeBytes: fill * capacities[level] }
    return {
      runs: Math.max(usual.runs, held.runs),
      sizeBytes: Math.max(usual.sizeBytes, held.sizeBytes),
    }
  })
}

/**
 * Whether later compactions will move the tables of a merge down unchanged, because they overlap
 * fewer bytes below than their own size. Such tables keep their bits on levels where others have
 * fewer.
 */
function overlapsLittle(
  version: Version,
  { inputs, inputRange, outputLevel }: CompactionSpec,
): boolean {
  const below = version.runs.filter(({ level }) => level > outputLevel)
  const overlapped = below.flatMap((run) => run.overlapping(inputRange))
  return totalBytes(overlapped) < totalBytes(inputs.flatMap(({ tables }) => tables))
}

/**
 * The same for a flush, whose range is not known yet. Looks at the newest table instead: true if
 * that table is unmerged and overlaps little of the rest, as when keys arrive in order.
 */
function newestOverlapsLittle(version: Version): boolean {
  const tables = version.levels.flat()
  if (tables.length < 2) return false
  const newest = tables.reduce((a, b) => (b.maxSequence > a.maxSequence ? b : a))
  let overlappedBytes = 0
  for (const table of tables) {
    if (table === newest) continue
    if (table.maxSequence >= newest.minSequence) return false
    if (rangesOverlap(table.range, newest.range)) overlappedBytes += table.sizeBytes
  }
  return overlappedBytes < newest.sizeBytes
}
