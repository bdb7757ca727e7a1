import type { KeyRange } from '../../key/key-range.js'
import { rangesOverlap, unionRange } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { levelCount, type Version } from '../../version/version.js'

/**
 * What to compact: plain data, made by a picker, run by a job, on whichever thread.
 *
 * - `merge`: the inputs become new tables on `outputLevel`, which may be the level they come from.
 * - `move`: the inputs of the one level go to `outputLevel` as they are.
 *
 * Every table of `outputLevel` that overlaps `inputRange` is an input, so the outputs may end and
 * begin anywhere within it.
 */
export interface CompactionSpec {
  readonly kind: 'merge' | 'move'
  readonly keyspace: number
  /** For people: logs, events, the inspector. */
  readonly reason: string
  /** Newest level first; the tables of each in the order of the level. None is empty. */
  readonly inputs: readonly CompactionInput[]
  readonly inputRange: KeyRange
  readonly outputLevel: number
  /** Tables below the output level that overlap: an output that spans many is costly to compact. */
  readonly grandparents: readonly TableMetadata[]
  /**
   * Extents of all tables deeper than `outputLevel` that overlap the inputs, in no order. A tombstone
   * outside of them hides nothing and may go, unless a snapshot needs it.
   */
  readonly deeperRanges: readonly KeyRange[]
}

export interface CompactionInput {
  readonly level: number
  readonly tables: readonly TableMetadata[]
}

export function makeSpec(
  version: Version,
  kind: 'merge' | 'move',
  reason: string,
  inputs: readonly CompactionInput[],
  outputLevel: number,
): CompactionSpec {
  const filled = inputs.filter(({ tables }) => tables.length > 0)
  const inputRange = rangeOf(filled.flatMap(({ tables }) => tables))
  const deeper: TableMetadata[] = []
  for (let level = outputLevel + 1; level < levelCount; level++) {
    deeper.push(...version.overlapping(level, inputRange))
  }
  return {
    kind,
    keyspace: version.keyspace,
    reason,
    inputs: filled,
    inputRange,
    outputLevel,
    grandparents: tablesBelow(version, outputLevel, inputRange),
    deeperRanges: deeper.map((table) => table.range),
  }
}

/** The smallest range that holds all tables. Requires: at least one. */
export function rangeOf(tables: readonly TableMetadata[]): KeyRange {
  return tables.map((table) => table.range).reduce(unionRange)
}

/** The tables of the level below `level` that overlap `range`. */
export function tablesBelow(version: Version, level: number, range: KeyRange): TableMetadata[] {
  return level + 1 < levelCount ? version.overlapping(level + 1, range) : []
}

export function anyBusy(tables: readonly TableMetadata[], busy: ReadonlySet<number>): boolean {
  return tables.some((table) => busy.has(table.fileNumber))
}

/** Whether no two of the tables overlap, in any order. */
export function areDisjoint(tables: readonly TableMetadata[]): boolean {
  return tables.every((a, i) => tables.slice(i + 1).every((b) => !rangesOverlap(a.range, b.range)))
}
