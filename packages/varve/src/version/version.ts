import { assert, checkInvariants } from '../base/assert.js'
import { compareBytes } from '../base/bytes/bytes.js'
import { isBefore, type KeyRange, rangesOverlap } from '../key/key-range.js'
import { SortedRun } from './sorted-run.js'
import { maySeeShadowed, type TableMetadata, totalBytes } from './table-metadata.js'

export const levelCount = 7

/** The tables of each level, `levelCount` of them. */
export type Levels = readonly (readonly TableMetadata[])[]

export const emptyLevels: Levels = Array.from({ length: levelCount }, () => [])

/**
 * The tables of one keyspace at one point in time.
 *
 * Owned by: the readers and jobs that retain it; the VersionSet retains the current one. Lives:
 * until the last reference is released. The files of a living Version are never deleted.
 *
 * Invariant 1: immutable.
 * Invariant 2: level 0 is sorted from the newest table to the oldest; its tables may overlap.
 * Invariant 3: the tables of every other level are sorted by run, the newest first, and within a
 * run by key. The tables of one run are disjoint.
 * Invariant 4: of two entries with the same key, the one on the higher level (smaller number) is
 * newer; on the same level, the one in the newer run (higher number).
 */
export class Version {
  readonly tableCount: number
  /** The tables on all levels that have range deletes: few or none. */
  readonly rangeDeleteTables: readonly TableMetadata[]
  /** The tables, of whatever level, that hold entries which newer ones in them hide. */
  readonly shadowedTables: readonly TableMetadata[]
  /** A sequence at or above those of all deletes in the tables; 0 if there are none. */
  private readonly newestDelete: number
  /** The sorted runs of all levels below 0, the newest first. */
  readonly runs: readonly SortedRun[]
  private readonly runsByLevel: readonly (readonly SortedRun[])[]
  private readonly bytesOfLevel: readonly number[]
  private references = 1

  /** Starts with one reference, the creator's. `onDead` is called when the last one is released. */
  constructor(
    readonly keyspace: number,
    readonly levels: Levels,
    private readonly onDead: (version: Version) => void = () => {},
  ) {
    if (checkInvariants) {
      const problem = orderProblem(levels)
      assert(problem === undefined, problem ?? '')
    }
    this.tableCount = levels.reduce((sum, tables) => sum + tables.length, 0)
    this.rangeDeleteTables = levels.flat().filter((table) => table.rangeDeleteCount > 0)
    this.shadowedTables = levels.flat().filter((table) => table.shadowedCount > 0)
    this.newestDelete = newestDeleteOf(levels)
    this.bytesOfLevel = levels.map(totalBytes)
    this.runsByLevel = levels.map((tables, level) => (level === 0 ? [] : sortedRuns(level, tables)))
    this.runs = this.runsByLevel.flat()
  }

  retain(): this {
    assert(this.references > 0, 'a dead version is not retained')
    this.references++
    return this
  }

  release(): void {
    assert(this.references > 0, 'a version is not released more often than retained')
    if (--this.references === 0) this.onDead(this)
  }

  levelBytes(level: number): number {
    return this.bytesOfLevel[level]
  }

  /** The sorted runs of a level, the newest first. Requires: level ≥ 1. */
  runsOf(level: number): readonly SortedRun[] {
    return this.runsByLevel[level]
  }

  /** Whether the tables may hold what only a snapshot at `sequence` keeps. */
  mayBeHeldBy(sequence: number): boolean {
    return (
      this.newestDelete > sequence ||
      this.shadowedTables.some((table) => maySeeShadowed(table, sequence))
    )
  }

  /** The last level that has a table; 0 if all levels are empty. */
  deepestLevel(): number {
    let level = levelCount - 1
    while (level > 0 && this.levels[level].length === 0) level--
    return level
  }

  /** The tables of a level that overlap `range`, in the order of the level. A fresh array. */
  overlapping(level: number, range: KeyRange): TableMetadata[] {
    if (level === 0) return this.levels[0].filter((table) => rangesOverlap(table.range, range))
    return this.runsByLevel[level].flatMap((run) => run.overlapping(range))
  }
}

function newestDeleteOf(levels: Levels): number {
  let newest = 0
  for (const tables of levels) {
    for (const { deleteCount, rangeDeleteCount, maxSequence } of tables) {
      if (deleteCount + rangeDeleteCount > 0) newest = Math.max(newest, maxSequence)
    }
  }
  return newest
}

/** Newest first. */
function compareLevel0(a: TableMetadata, b: TableMetadata): number {
  return b.maxSequence - a.maxSequence || b.fileNumber - a.fileNumber
}

/** By run, the newest first, then by key. */
function compareInRuns(a: TableMetadata, b: TableMetadata): number {
  return b.run - a.run || compareBytes(a.range.start, b.range.start)
}

/** The tables of one level in the order of invariants 2 and 3. */
export function sortLevel(level: number, tables: readonly TableMetadata[]): TableMetadata[] {
  return [...tables].sort(level === 0 ? compareLevel0 : compareInRuns)
}

/** Describes the first violation of invariants 2 and 3, if any. */
export function orderProblem(levels: Levels): string | undefined {
  for (let level = 0; level < levelCount; level++) {
    for (let i = 1; i < levels[level].length; i++) {
      const before = levels[level][i - 1]
      const table = levels[level][i]
      if (areInOrder(level, before, table)) continue
      return `tables ${before.fileNumber} and ${table.fileNumber} overlap on level ${level}`
    }
  }
  return undefined
}

/** Whether two neighbours on a level satisfy invariants 2 and 3. */
export function areInOrder(level: number, before: TableMetadata, table: TableMetadata): boolean {
  if (level === 0) return compareLevel0(before, table) < 0
  if (before.run !== table.run) return before.run > table.run
  return !isBefore(table.range.start, before.range.end)
}

/** Versions share the runs, including their indexes, of levels that an edit leaves unchanged. */
const knownRuns = new WeakMap<readonly TableMetadata[], readonly SortedRun[]>()

/** The runs of a level. Requires: `tables` are in order. */
export function sortedRuns(level: number, tables: readonly TableMetadata[]): readonly SortedRun[] {
  const known = knownRuns.get(tables)
  if (known !== undefined) return known
  const runs: SortedRun[] = []
  for (let from = 0, to = 0; from < tables.length; from = to) {
    while (to < tables.length && tables[to].run === tables[from].run) to++
    runs.push(new SortedRun(level, tables.slice(from, to)))
  }
  knownRuns.set(tables, runs)
  return runs
}
