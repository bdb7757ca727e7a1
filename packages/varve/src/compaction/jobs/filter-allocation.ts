import { rangesOverlap } from '../../key/key-range.js'
import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { Compaction, RunCompaction } from '../pickers/compaction-options.js'
import type { CompactionInput, CompactionSpec } from '../pickers/compaction-spec.js'
import { shapeOf } from '../pickers/tree-shape.js'

/** Whether each key has as many bits of filter, or a key of a small run has more: see `allotBits`. */
export type FilterAllocation = 'monkey' | 'uniform'

/** Whose filters are to be allotted. */
export interface FilterBudget {
  readonly filterAllocation: FilterAllocation
  /** Bits for each key of the tree, on average. */
  readonly filterBitsPerKey: number
  readonly memtableBytes: number
}

/** The sorted runs of one level, taken to be as large as each other. */
export interface LevelRuns {
  readonly runs: number
  readonly sizeBytes: number
}

/** Beyond these a filter whose probes share a line of 64 bytes hardly gets better. */
const mostBits = 20
/** Below these a filter lets so many keys through that it is not worth asking. */
const leastBits = 1
/** A Bloom filter of b bits a key lets e^(−b × this) of absent keys through. */
const decayPerBit = Math.LN2 ** 2

/** Bits for each key of the table that a flush of `flushBytes` writes. Pure. */
export function filterBitsOfFlush(
  version: Version,
  compaction: Compaction,
  { filterBitsPerKey, filterAllocation }: FilterBudget,
  flushBytes: number,
): number {
  if (filterAllocation === 'uniform' || compaction.policy === 'fifo') return filterBitsPerKey
  if (newestLiesApart(version)) return filterBitsPerKey
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
  if (!isLast && meetsLittle(version, spec)) return filterBitsPerKey
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
 * Shares `bitsPerKey` for each byte of a tree out among its levels, so that a read of an absent key
 * meets as few false positives as can be with that memory: the fewer keys a run has, the less it costs
 * to make its filter better. In theory what a run lets through is then in proportion to its size; here
 * with 10 bits on average, as measured:
 *
 *                              bits   lets through
 *     level 0   4 × 1 MB       17.0   4 × 0.06%         uniform    10   4 × 1.0%
 *     level 6   1 × 40 MB       9.3       1.3%                     10       1.0%
 *                                         1.5%                              5.0%
 *
 * A run that would get less than a bit gets none. Entries are taken to be of one size on all levels.
 * Ensures: the bits of all levels together are no more than `bitsPerKey` on all.
 *
 * After Dayan, Athanassoulis and Idreos, "Monkey: Optimal Navigable Key-Value Store", SIGMOD 2017.
 */
export function allotBits(bitsPerKey: number, levels: readonly LevelRuns[]): number[] {
  const most = Math.max(mostBits, bitsPerKey)
  // What the method of Lagrange leaves open is how much all have in common.
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

/** From a few hundred bits down to far less than one. */
const halvings = 40

/** What each level holds once a job has taken its inputs and written its output. */
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

/** Of the runs that a level may hold before they go down together, so many are there on average. */
const meanFill = 0.5

/**
 * The tree that the filters are allotted for: every level above the last one as full as it is on average,
 * or after this job if that is more; the last one, where bits are fewest, as it is. So tables that are
 * written at different times have together about what this tree has.
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
 * Whether the tables of a merge will be moved down as they are rather than merged: there is less beneath
 * them than there is of them. They keep their bits on levels where others have fewer.
 */
function meetsLittle(
  version: Version,
  { inputs, inputRange, outputLevel }: CompactionSpec,
): boolean {
  const below = version.runs.filter(({ level }) => level > outputLevel)
  const met = below.flatMap((run) => run.overlapping(inputRange))
  return totalBytes(met) < totalBytes(inputs.flatMap(({ tables }) => tables))
}

/**
 * The same of a flush, of which the range is not known yet: what was flushed last is there as it was,
 * and lies apart from the rest. So it is when keys come in order.
 */
function newestLiesApart(version: Version): boolean {
  const tables = version.levels.flat()
  if (tables.length < 2) return false
  const newest = tables.reduce((a, b) => (b.maxSequence > a.maxSequence ? b : a))
  let metBytes = 0
  for (const table of tables) {
    if (table === newest) continue
    if (table.maxSequence >= newest.minSequence) return false
    if (rangesOverlap(table.range, newest.range)) metBytes += table.sizeBytes
  }
  return metBytes < newest.sizeBytes
}
