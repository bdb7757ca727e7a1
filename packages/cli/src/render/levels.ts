import { colors } from '../text/colors.js'
import type { LevelInfo, TableInfo } from 'varve'
import type { DirectoryOwner } from 'varve/tools'
import { printableWithin } from '../text/printable.js'
import { formatBytes, formatCount, formatCounted } from '../text/quantity.js'

const barWidth = 24
const keyWidth = 24

// Sediment: loose grains on top, denser with every level.
const shades = ['░', '▒', '▓', '█']

export interface LevelsOptions {
  /** A line for each table, too. */
  tables?: boolean
  /** Another process that has the database open, maybe with other compaction options. */
  owner?: DirectoryOwner | undefined
}

/** The levels as text: a line for each, its bar as long as its share of the largest. */
export function renderLevels(levels: readonly LevelInfo[], options: LevelsOptions = {}): string {
  if (levels.every((level) => level.tables.length === 0)) {
    return '  no tables yet: what there is, is in memory and in the log'
  }
  const largestBytes = Math.max(1, ...levels.map((level) => level.sizeBytes))
  const lines = [
    colors.dim(line('level', 'runs', 'tables', 'entries', 'size', 'share', 'score', 'keys')),
  ]
  for (const level of levels) {
    if (level.tables.length === 0) continue
    lines.push(levelLine(level, largestBytes))
    if (options.tables === true) lines.push(...level.tables.map(tableLine))
  }
  lines.push(...emptyLine(levels), totalLine(levels))
  if (options.owner !== undefined) lines.push(colors.dim(ownerLine(options.owner)))
  return lines.join('\n')
}

function levelLine(level: LevelInfo, largestBytes: number): string {
  const { tables, sizeBytes } = level
  const entryCount = sum(tables, (table) => table.entryCount)
  // Eye and finger stay on one line: something is there, however small its share.
  const length = Math.max(1, Math.round((barWidth * sizeBytes) / largestBytes))
  const bar = shades[Math.min(level.level, shades.length - 1)].repeat(length)
  return line(
    `L${level.level}`,
    formatCount(level.runs),
    formatCount(tables.length),
    formatCount(entryCount),
    formatBytes(sizeBytes),
    bar,
    level.score.toFixed(2),
    keyRange(tables),
  )
}

function tableLine(table: TableInfo): string {
  const deletes = table.deleteCount + table.rangeDeleteCount
  const { shadowedCount } = table
  const garbage = [
    deletes === 0 ? '' : formatCounted(deletes, 'delete'),
    shadowedCount === 0 ? '' : `${formatCount(shadowedCount)} shadowed`,
  ]
  const text = line(
    '',
    '',
    `#${table.fileNumber}`,
    formatCount(table.entryCount),
    formatBytes(table.sizeBytes),
    garbage.filter((text) => text !== '').join(', '),
    '',
    keyRange([table]),
  )
  return colors.dim(text)
}

/** Levels without tables, in one line: `L3–L6 empty`. */
function emptyLine(levels: readonly LevelInfo[]): string[] {
  const empty = levels.filter((level) => level.tables.length === 0).map(({ level }) => `L${level}`)
  if (empty.length === 0) return []
  return [colors.dim(`  ${empty.join(' ')}: empty`)]
}

function totalLine(levels: readonly LevelInfo[]): string {
  const tableCount = sum(levels, (level) => level.tables.length)
  const entryCount = sum(levels, (level) => sum(level.tables, (table) => table.entryCount))
  const sizeBytes = sum(levels, (level) => level.sizeBytes)
  return (
    `  ${formatCounted(tableCount, 'table')}, ${formatCounted(entryCount, 'entry', 'entries')}, ` +
    `${formatBytes(sizeBytes)}; a level is compacted when its score reaches 1`
  )
}

function ownerLine({ pid }: DirectoryOwner): string {
  return `  open in process ${pid}; scores assume default options (exact: db.levels() there)`
}

/** From the smallest first key to the largest end; the end itself belongs to no table. */
function keyRange(tables: readonly TableInfo[]): string {
  let smallest = tables[0].smallestKey
  let end = tables[0].endKey
  for (const table of tables) {
    if (Buffer.compare(table.smallestKey, smallest) < 0) smallest = table.smallestKey
    if (end === null || table.endKey === null) end = null
    else if (Buffer.compare(table.endKey, end) > 0) end = table.endKey
  }
  return `${shortKey(smallest)} … ${end === null ? 'the last' : shortKey(lastKeyBefore(end))}`
}

/** An end that is a key followed by a zero byte includes that key and nothing after it. */
function lastKeyBefore(end: Uint8Array): Uint8Array {
  return end.at(-1) === 0 ? end.subarray(0, -1) : end
}

function shortKey(key: Uint8Array): string {
  return printableWithin(key, keyWidth)
}

function line(
  level: string,
  runs: string,
  tables: string,
  entries: string,
  size: string,
  bar: string,
  score: string,
  keys: string,
): string {
  const columns = [
    level.padEnd(5),
    runs.padStart(4),
    tables.padStart(6),
    entries.padStart(11),
    size.padStart(10),
  ]
  return `  ${columns.join('  ')}  ${bar.padEnd(barWidth)}  ${score.padStart(5)}  ${keys}`
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0)
}
