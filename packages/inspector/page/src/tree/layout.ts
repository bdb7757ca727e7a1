import type { PlacedTable, WireTable } from '../../../src/protocol/tree.js'
import { keyExtents } from './key-space.js'

export const levelCount = 7

/** What the horizontal axis means. */
export type Axis = 'keys' | 'size'

/** A table as a bar. Pixels. */
export interface Bar {
  readonly level: number
  readonly table: WireTable
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The strip of a level. */
export interface Row {
  readonly level: number
  readonly y: number
  readonly height: number
  readonly runs: number
  readonly tables: number
  readonly sizeBytes: number
}

export interface TreeLayout {
  readonly width: number
  readonly height: number
  readonly rows: readonly Row[]
  readonly bars: readonly Bar[]
}

const rowGap = 10
const emptyRowHeight = 34
const runGap = 2
const minBarWidth = 1

/**
 * Places every table: levels from top to bottom, within a level the sorted runs, newest first. On
 * level 0 each table is a run.
 */
export function layoutTree(
  tables: ReadonlyMap<number, PlacedTable>,
  axis: Axis,
  width: number,
): TreeLayout {
  const levels = levelsOf(tables.values())
  const placeOf = axis === 'keys' ? byKeys(tables, width) : bySize(levels, width)
  const rows: Row[] = []
  const bars: Bar[] = []
  let y = 0
  for (const [level, runs] of levels.entries()) {
    const height = runs.length === 0 ? emptyRowHeight : runs.length * runHeight(runs.length)
    const all = runs.flat()
    rows.push({
      level,
      y,
      height,
      runs: runs.length,
      tables: all.length,
      sizeBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    })
    for (const [index, run] of runs.entries()) {
      const barHeight = runHeight(runs.length)
      for (const table of run) {
        const place = placeOf(table)
        bars.push({
          level,
          table,
          ...place,
          y: y + index * barHeight,
          height: barHeight - (runs.length > 1 ? runGap : 0),
        })
      }
    }
    y += height + rowGap
  }
  return { width, height: y - rowGap, rows, bars }
}

/** Many runs share a strip that does not grow without bound. */
function runHeight(runs: number): number {
  if (runs <= 1) return emptyRowHeight
  if (runs <= 4) return 18
  return Math.max(4, Math.min(14, 140 / runs))
}

/** The sorted runs of each level, newest first. */
function levelsOf(tables: Iterable<PlacedTable>): WireTable[][][] {
  const levels = Array.from({ length: levelCount }, () => new Map<number, WireTable[]>())
  for (const { level, table } of tables) {
    const run = level === 0 ? table.fileNumber : table.run
    const runs = levels[level]
    const found = runs.get(run)
    if (found === undefined) runs.set(run, [table])
    else found.push(table)
  }
  return levels.map((runs) =>
    [...runs]
      .sort(([a, aTables], [b, bTables]) => newest(bTables) - newest(aTables) || b - a)
      .map(([, run]) => run),
  )
}

function newest(run: readonly WireTable[]): number {
  return run.reduce((highest, { maxSequence }) => Math.max(highest, maxSequence), 0)
}

type PlaceOf = (table: WireTable) => { x: number; width: number }

function byKeys(tables: ReadonlyMap<number, PlacedTable>, width: number): PlaceOf {
  const extents = keyExtents(tables.values())
  return ({ fileNumber }) => {
    const { start, end } = extents.get(fileNumber)!
    return { x: start * width, width: Math.max(minBarWidth, (end - start) * width) }
  }
}

/** Tables of a run side by side, in the order of their keys; the largest run fills the width. */
function bySize(levels: readonly (readonly WireTable[][])[], width: number): PlaceOf {
  const largest = Math.max(1, ...levels.flat().map(bytesOf))
  const places = new Map<number, { x: number; width: number }>()
  for (const run of levels.flat()) {
    const extents = keyExtents(run.map((table) => ({ level: 0, table })))
    const sorted = [...run].sort(
      (a, b) => extents.get(a.fileNumber)!.start - extents.get(b.fileNumber)!.start,
    )
    let x = 0
    for (const { fileNumber, sizeBytes } of sorted) {
      const barWidth = Math.max(minBarWidth, (sizeBytes / largest) * width)
      places.set(fileNumber, { x, width: barWidth })
      x += barWidth
    }
  }
  return ({ fileNumber }) => places.get(fileNumber)!
}

function bytesOf(run: readonly WireTable[]): number {
  return run.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** The bar at a point, the topmost one of several. */
export function barAt(bars: readonly Bar[], x: number, y: number): Bar | undefined {
  return bars.findLast(
    (bar) => x >= bar.x && x < bar.x + bar.width && y >= bar.y && y < bar.y + bar.height,
  )
}
