import { rangesOverlap } from '../key/key-range.js'
import { totalBytes } from '../version/table-metadata.js'
import type { Version } from '../version/version.js'
import type { Compaction, RunCompaction } from './pickers/compaction-options.js'
import type { CompactionSpec } from './pickers/compaction-spec.js'
import { shapeOf } from './pickers/tree-shape.js'

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
  budget: FilterBudget,
  flushBytes: number,
): number {
  const { filterBitsPerKey, filterAllocation } = budget
  if (filterAllocation === 'uniform' || compaction.policy === 'fifo') return filterBitsPerKey
  if (newestLiesApart(version)) return filterBitsPerKey
  const heldBytes = version.levelBytes(0) + flushBytes
  const level0 = { runs: version.levels[0].length + 1, sizeBytes: heldBytes }
  const lastBytes = version.levelBytes(shapeOf(version, compaction).lastLevel)
  const levels = expectedLevels(version, compaction, level0, flushBytes, lastBytes)
  return allotBits(filterBitsPerKey, levels)[0]
}

/** Bits for each key of the tables that a merge writes. Pure. */
export function filterBitsOfMerge(
  version: Version,
  compaction: Compaction,
  budget: FilterBudget,
  spec: CompactionSpec,
): number {
  const { filterBitsPerKey, filterAllocation, memtableBytes } = budget
  if (filterAllocation === 'uniform' || compaction.policy === 'fifo') return filterBitsPerKey
  const { outputLevel } = spec
  const { lastLevel } = shapeOf(version, compaction)
  const isLast = outputLevel === lastLevel
  if (!isLast && meetsLittle(version, spec)) return filterBitsPerKey
  const flushed = version.levels[0]
  const flushBytes = flushed.length > 0 ? version.levelBytes(0) / flushed.length : memtableBytes
  const arriving = spec.inputs.filter(({ level }) => level !== lastLevel)
  const arrivingBytes = totalBytes(arriving.flatMap(({ tables }) => tables))
  const lastBytes = version.levelBytes(lastLevel) + (isLast ? arrivingBytes : 0)
  const level0 = { runs: 0, sizeBytes: 0 }
  const levels = expectedLevels(version, compaction, level0, flushBytes, lastBytes)
  return allotBits(filterBitsPerKey, levels)[outputLevel]
}

/**
 * Shares `bitsPerKey` for each byte of a tree out among its levels, so that a read of an absent key
 * meets as few false positives as can be with that memory: the fewer keys a run has, the less it costs
 * to make its filter better. One run lets through a share of absent keys that is proportional to its
 * size, whatever the sizes are; here with 10 bits on average:
 *
 *                              bits    lets through
 *     level 0   4 × 1 MB       17.0    4 × 0.03%         uniform    10    4 × 0.8%
 *     level 6   1 × 40 MB       9.3        1.1%                     10        0.8%
 *                                          1.3%                               4.1%
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

/** Of the runs that a level may hold before they go down together, so many are there on average. */
const meanFill = 0.5

/**
 * The tree that the filters are allotted for: every level above the last one as full as it is on average,
 * or now if that is more; the last one, where bits are fewest, as it is. So tables that are written at
 * different times have together about what this tree has.
 */
function expectedLevels(
  version: Version,
  compaction: RunCompaction,
  level0: LevelRuns,
  flushBytes: number,
  lastBytes: number,
): LevelRuns[] {
  const { l0Trigger, runsPerLevel } = compaction
  const { lastLevel, capacities } = shapeOf(version, compaction)
  const fill = runsPerLevel > 1 ? meanFill : 1
  const mean0 = meanFill * Math.min(l0Trigger * flushBytes, lastBytes)
  const levels = [
    {
      runs: Math.max(meanFill * l0Trigger, level0.runs),
      sizeBytes: Math.max(mean0, level0.sizeBytes),
    },
  ]
  for (let level = 1; level < lastLevel; level++) {
    levels.push({
      runs: Math.max(fill * runsPerLevel, version.runsOf(level).length),
      sizeBytes: Math.max(fill * capacities[level], version.levelBytes(level)),
    })
  }
  levels.push({ runs: Math.max(1, version.runsOf(lastLevel).length), sizeBytes: lastBytes })
  return levels
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
