import { assert, checkInvariants } from '../base/assert.js'
import { compareBytes, compareRanges } from '../base/bytes.js'
import { isBefore, type KeyRange, rangesOverlap } from '../key/key-range.js'
import { LevelIndex } from './level-index.js'
import { type TableMetadata, totalBytes } from './table-metadata.js'

export const levelCount = 7

/** The tables of each level, `levelCount` of them. */
export type Levels = readonly (readonly TableMetadata[])[]

export const emptyLevels: Levels = Array.from({ length: levelCount }, () => [])

/**
 * The tables that make up one keyspace at one moment.
 *
 * Owned by: everyone who retained it; the VersionSet holds the current one. Lives: until the last
 * reference is released. The files of a living Version are never deleted.
 *
 * Invariant 1: immutable.
 * Invariant 2: level 0 is sorted from the newest table to the oldest; its tables may overlap.
 * Invariant 3: the tables of any other level are disjoint and sorted by key.
 * Invariant 4: of two entries with one key, the one on the higher level (smaller number) is newer.
 */
export class Version {
  readonly tableCount: number
  /** The tables, of whatever level, that hold range deletes: few or none. */
  readonly rangeDeleteTables: readonly TableMetadata[]
  private readonly bytesOfLevel: readonly number[]
  /** Made when first asked for. */
  private readonly indexes: (LevelIndex | undefined)[] = []
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
    this.bytesOfLevel = levels.map(totalBytes)
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

  /** Number of the last level that holds a table; 0 when there is none. */
  deepestLevel(): number {
    let level = levelCount - 1
    while (level > 0 && this.levels[level].length === 0) level--
    return level
  }

  /**
   * The one table of a level whose range holds the key `bytes[start, end)`, if there is one. Allocates
   * nothing. Requires: level ≥ 1.
   */
  tableAt(level: number, bytes: Uint8Array, start: number, end: number): TableMetadata | undefined {
    const tables = this.levels[level]
    if (tables.length === 0) return undefined
    const index = this.indexOf(level).indexOfEndBehind(bytes, start, end)
    if (index === tables.length) return undefined
    const table = tables[index]
    const first = table.range.start
    return compareRanges(first, 0, first.length, bytes, start, end) <= 0 ? table : undefined
  }

  /** Index of the first table of a level that ends behind `key`; their count when none does. */
  firstEndingBehind(level: number, key: Uint8Array): number {
    return this.indexOf(level).indexOfEndBehind(key, 0, key.length)
  }

  /** The tables of a level that overlap `range`, in the order of the level. A fresh array. */
  overlapping(level: number, range: KeyRange): TableMetadata[] {
    const tables = this.levels[level]
    if (level === 0) return tables.filter((table) => rangesOverlap(table.range, range))
    const found: TableMetadata[] = []
    let index = this.firstEndingBehind(level, range.start)
    while (index < tables.length && isBefore(tables[index].range.start, range.end)) {
      found.push(tables[index++])
    }
    return found
  }

  /** Whether a table of a level deeper than `level` overlaps `range`. */
  hasOverlapBelow(level: number, range: KeyRange): boolean {
    for (let deeper = level + 1; deeper < levelCount; deeper++) {
      if (this.overlapping(deeper, range).length > 0) return true
    }
    return false
  }

  private indexOf(level: number): LevelIndex {
    return (this.indexes[level] ??= new LevelIndex(this.levels[level]))
  }
}

/** Newest first. */
export function compareLevel0(a: TableMetadata, b: TableMetadata): number {
  return b.maxSequence - a.maxSequence || b.fileNumber - a.fileNumber
}

export function compareByStart(a: TableMetadata, b: TableMetadata): number {
  return compareBytes(a.range.start, b.range.start)
}

/** Says which tables break invariants 2 and 3, if any. */
export function orderProblem(levels: Levels): string | undefined {
  for (let level = 0; level < levelCount; level++) {
    for (let i = 1; i < levels[level].length; i++) {
      const before = levels[level][i - 1]
      const table = levels[level][i]
      const ordered =
        level === 0
          ? compareLevel0(before, table) < 0
          : !isBefore(table.range.start, before.range.end)
      if (ordered) continue
      return `tables ${before.fileNumber} and ${table.fileNumber} overlap on level ${level}`
    }
  }
  return undefined
}
