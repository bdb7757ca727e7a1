import { compareBytes } from '../../base/bytes/bytes.js'
import type { KeyRange } from '../../key/key-range.js'
import { rangesOverlap, unionRange } from '../../key/key-range.js'
import type { SortedRun } from '../../version/sorted-run.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { levelCount, type Version } from '../../version/version.js'

/**
 * The limit, in tables, on the bytes of grandparents that a table may overlap, because its next
 * compaction must rewrite all of them. A job finishes a table early, and a picker does not move one
 * unchanged, if it would exceed the limit.
 */
export const maxGrandparentTables = 10

/**
 * What happens to the tables: they are merged into new ones, moved to another level unchanged, or
 * dropped.
 */
export type CompactionKind = 'merge' | 'move' | 'drop'

/**
 * What to compact, as plain data. A picker creates it and a job runs it, on any thread.
 *
 * - `merge`: the inputs become new tables in one run, which may be the run that they come from.
 * - `move`: the inputs, all of one run, move to another run unchanged.
 * - `drop`: the inputs are removed.
 *
 * Every table of the output run that overlaps `inputRange` is an input, so the outputs may begin
 * and end anywhere within it.
 */
export interface CompactionSpec {
  readonly kind: CompactionKind
  readonly keyspace: number
  /** A text for users, in events and the inspector. */
  readonly reason: string
  /** Newest first; the tables of each input in key order. No input is empty. */
  readonly inputs: readonly CompactionInput[]
  readonly inputRange: KeyRange
  readonly outputLevel: number
  /** The sorted run of the output level that the outputs belong to. */
  readonly outputRun: number
  /**
   * The tables, in order, that the outputs will be merged with next. An output that spans many of
   * them is costly to compact. Empty if that does not matter.
   */
  readonly grandparents: readonly TableMetadata[]
  /**
   * Extents of all tables older than the outputs, in older runs and on deeper levels, that overlap
   * the inputs; in any order. A tombstone outside of them hides nothing and can be dropped unless a
   * snapshot needs it.
   */
  readonly deeperRanges: readonly KeyRange[]
  /** A step of `compact()`, for which density matters more than time. */
  readonly isManual?: boolean
}

/**
 * Tables of level 0, each of which is its own run, or tables of one sorted run of another level.
 */
export interface CompactionInput {
  readonly level: number
  readonly tables: readonly TableMetadata[]
}

/** The level and run of the outputs of a compaction. */
export interface OutputPlace {
  readonly level: number
  readonly run: number
}

/**
 * If the outputs will later move down table by table, they should not overlap much of the next
 * level.
 */
interface Output extends OutputPlace {
  readonly goesDownByTable?: boolean
  readonly isManual?: boolean
}

export function makeSpec(
  version: Version,
  kind: CompactionKind,
  reason: string,
  inputs: readonly CompactionInput[],
  output: Output,
): CompactionSpec {
  const filled = inputs.filter(({ tables }) => tables.length > 0)
  const tables = filled.flatMap((input) => input.tables)
  const inputRange = rangeOf(tables)
  const isInput = new Set(tables)
  const older = version.runs
    .filter(({ level, number }) =>
      level === output.level ? number < output.run : level > output.level,
    )
    .flatMap((run) => run.overlapping(inputRange))
    .filter((table) => !isInput.has(table))
  return {
    kind,
    keyspace: version.keyspace,
    reason,
    inputs: filled,
    inputRange,
    outputLevel: output.level,
    outputRun: output.run,
    grandparents:
      output.goesDownByTable === true ? tablesBelow(version, output.level, inputRange) : [],
    deeperRanges: older.map((table) => table.range),
    ...(output.isManual === true && { isManual: true }),
  }
}

/** A spec that removes tables from any runs. Requires: at least one table. */
export function makeDrop(
  version: Version,
  reason: string,
  tables: readonly TableMetadata[],
): CompactionSpec {
  const going = new Set(tables)
  const places = [{ level: 0, tables: version.levels[0] }, ...version.runs.map(runInput)]
  const inputs = places.map((input) => ({
    ...input,
    tables: input.tables.filter((table) => going.has(table)),
  }))
  return makeSpec(version, 'drop', reason, inputs, { level: 0, run: 0 })
}

export function runInput({ level, tables }: SortedRun): CompactionInput {
  return { level, tables }
}

/** The smallest range that contains all tables. Requires: at least one table. */
export function rangeOf(tables: readonly TableMetadata[]): KeyRange {
  return tables.map((table) => table.range).reduce(unionRange)
}

/** The tables on the level below `level` that a table of its newest run would be merged with. */
export function tablesBelow(version: Version, level: number, range: KeyRange): TableMetadata[] {
  const run = level + 1 < levelCount ? version.runsOf(level + 1).at(0) : undefined
  return run?.overlapping(range) ?? []
}

export function anyBusy(tables: readonly TableMetadata[], busy: ReadonlySet<number>): boolean {
  return tables.some((table) => busy.has(table.fileNumber))
}

/** Whether no two of the tables overlap, in any order. */
export function areDisjoint(tables: readonly TableMetadata[]): boolean {
  const sorted = [...tables].sort((a, b) => compareBytes(a.range.start, b.range.start))
  return sorted.every((table, i) => i === 0 || !rangesOverlap(sorted[i - 1].range, table.range))
}
