import { compareBytes } from '../../base/bytes/bytes.js'
import type { KeyRange } from '../../key/key-range.js'
import { rangesOverlap, unionRange } from '../../key/key-range.js'
import type { SortedRun } from '../../version/sorted-run.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { levelCount, type Version } from '../../version/version.js'

/**
 * A table overlaps at most this many tables' worth of bytes of its grandparents, because its next
 * compaction must rewrite all of those. A job finishes a table early, and a picker does not move
 * one unchanged, when it would exceed the limit.
 */
export const maxGrandparentTables = 10

/**
 * What becomes of the tables: merged into new ones, moved to another level as they are, or dropped.
 */
export type CompactionKind = 'merge' | 'move' | 'drop'

/**
 * What to compact: plain data, made by a picker, run by a job, on whichever thread.
 *
 * - `merge`: the inputs become new tables in one run, which may be the one they come from.
 * - `move`: the inputs of the one run go to another run as they are.
 * - `drop`: the inputs go for good.
 *
 * Every table of that run that overlaps `inputRange` is an input, so the outputs may end and begin
 * anywhere within it.
 */
export interface CompactionSpec {
  readonly kind: CompactionKind
  readonly keyspace: number
  /** For people: logs, events, the inspector. */
  readonly reason: string
  /** Newest first; the tables of each in their order. None is empty. */
  readonly inputs: readonly CompactionInput[]
  readonly inputRange: KeyRange
  readonly outputLevel: number
  /** The sorted run of that level that the outputs belong to. */
  readonly outputRun: number
  /**
   * Tables, in order, that the outputs will be merged with next: one that spans many is costly to
   * compact. None where that does not matter.
   */
  readonly grandparents: readonly TableMetadata[]
  /**
   * Extents of all tables older than the outputs, in older runs and on deeper levels, that overlap
   * the inputs; in no order. A tombstone outside of them hides nothing and may go, unless a
   * snapshot needs it.
   */
  readonly deeperRanges: readonly KeyRange[]
}

/** Tables of level 0, each of which is a run of its own, or of one sorted run of another level. */
export interface CompactionInput {
  readonly level: number
  readonly tables: readonly TableMetadata[]
}

/** Where the outputs of a compaction go. */
export interface OutputPlace {
  readonly level: number
  readonly run: number
}

/** A merge that will go further down table by table should not make tables that meet much there. */
interface Output extends OutputPlace {
  readonly goesDownByTable?: boolean
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
  }
}

/** Takes tables out for good, from whatever places. Requires: at least one. */
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

/** The smallest range that holds all tables. Requires: at least one. */
export function rangeOf(tables: readonly TableMetadata[]): KeyRange {
  return tables.map((table) => table.range).reduce(unionRange)
}

/** The tables that one of the newest run of `level` would be merged with one level further down. */
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
