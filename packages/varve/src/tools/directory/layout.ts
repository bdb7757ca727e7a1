import { compareBytes } from '../../base/bytes/bytes.js'
import { type KeyRange, rangesOverlap, unionRange } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { levelCount } from '../../version/version.js'

/** What the layout of a tree goes by: which keys a table holds, and from which time. */
type Extent = Pick<TableMetadata, 'range' | 'minSequence' | 'maxSequence'>

/** The tables of each keyspace, which has a tree of its own. */
export function byKeyspace<T extends { readonly keyspace: number }>(
  tables: readonly T[],
): Map<number, T[]> {
  const trees = new Map<number, T[]>()
  for (const table of tables) {
    const tree = trees.get(table.keyspace)
    if (tree === undefined) trees.set(table.keyspace, [table])
    else tree.push(table)
  }
  return trees
}

/**
 * The tables that cannot be put above one another, since keys and sequences of both overlap:
 * neither holds only newer versions. Each group has to become one sorted run. Tables in no group
 * are left out.
 *
 *     sequences 9 │      ┌────┐
 *               5 │ ┌────┼─┐  │  ┌───┐      the two on the left are a group;
 *               1 │ └────┼─┘  │  └───┘      the third overlaps none of them
 *                 └──────└────┘──────── keys
 */
export function groupsToMerge<T extends Extent>(tables: readonly T[]): T[][] {
  let groups = tables.map((table) => ({ ...extentOf(table), tables: [table] }))
  for (let changed = true; changed;) {
    changed = false
    const united: typeof groups = []
    for (const group of groups) {
      const other = united.find((candidate) => conflict(candidate, group))
      if (other === undefined) {
        united.push(group)
        continue
      }
      // A merged run spans the gaps between its parts, so it may overlap others.
      changed = true
      other.range = unionRange(other.range, group.range)
      other.minSequence = Math.min(other.minSequence, group.minSequence)
      other.maxSequence = Math.max(other.maxSequence, group.maxSequence)
      other.tables.push(...group.tables)
    }
    groups = united
  }
  return groups.map((group) => group.tables).filter((group) => group.length > 1)
}

/**
 * The level of each table such that older versions are below newer ones, in as few levels as that
 * takes. What does not fit below level 0 goes there, where the highest sequence decides. Requires:
 * nothing is left to merge.
 */
export function levelsFor<T extends Extent>(tables: readonly T[]): Map<T, number> {
  const oldestFirst = [...tables].sort((a, b) => a.maxSequence - b.maxSequence)
  const heights = new Map<T, number>()
  for (const table of oldestFirst) {
    let height = 1
    for (const [older, below] of heights) {
      if (below >= height && rangesOverlap(older.range, table.range)) height = below + 1
    }
    heights.set(table, height)
  }
  const highest = [...heights.values()].reduce((a, b) => Math.max(a, b), 0)
  const deepest = Math.min(levelCount - 1, highest)
  for (const [table, height] of heights) heights.set(table, Math.max(0, deepest + 1 - height))
  return heights
}

/** The tables in as few sorted runs as there are where they overlap most. */
export function sortedRuns<T extends { readonly range: KeyRange }>(tables: readonly T[]): T[][] {
  const runs: T[][] = []
  for (const table of [...tables].sort((a, b) => compareBytes(a.range.start, b.range.start))) {
    const run = runs.find((candidate) => !rangesOverlap(candidate.at(-1)!.range, table.range))
    if (run === undefined) runs.push([table])
    else run.push(table)
  }
  return runs
}

function extentOf({ range, minSequence, maxSequence }: Extent): {
  range: KeyRange
  minSequence: number
  maxSequence: number
} {
  return { range, minSequence, maxSequence }
}

function conflict(a: Extent, b: Extent): boolean {
  return (
    a.minSequence <= b.maxSequence &&
    b.minSequence <= a.maxSequence &&
    rangesOverlap(a.range, b.range)
  )
}
