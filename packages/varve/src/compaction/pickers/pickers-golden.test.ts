import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { printableKey } from '../../base/bytes/bytes.js'
import type { KeyRange } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { fakeTable, fakeVersion } from '../../version/testing/fake-tables.js'
import type { Version } from '../../version/version.js'
import { compactionDebtBytes, compactionScores, levelStates } from './compaction-scores.js'
import type { CompactionSpec } from './compaction-spec.js'
import type { Compaction, FixedCompactionOptions } from './compaction-options.js'
import { noConditions } from './pick-conditions.js'
import { pickManual } from './manual-picker.js'
import { pickCompaction } from './pick-compaction.js'
import { resolveCompaction } from '../testing/resolve-compaction.js'
import { shapeOf } from './tree-shape.js'

/** Rewrites the goldens instead of checking them. */
const update = process.env['VARVE_UPDATE_GOLDENS'] === '1'
const folder = new URL('../../../testdata/pickers/', import.meta.url)
const tableBytes = 100
const lastLevel = 3
const nowMs = 100_000

for (const name of readdirSync(folder)) {
  test(`pickers decide as ${name} says`, () => {
    const file = new URL(name, folder)
    const text = readFileSync(file, 'utf8')
    const actual = answerAll(text)
    if (update) writeFileSync(file, actual)
    else assert.equal(actual, text)
  })
}

/** The text with new answers: the lines after each `----`, up to an empty line. */
function answerAll(text: string): string {
  const out: string[] = []
  let question: string[] = []
  let isAnswer = false
  let compaction = resolveCompaction()
  for (const line of text.split('\n')) {
    const isCommand = /^(pick|manual|scores)/.test(line)
    if (isAnswer && line !== '' && !isCommand) continue
    isAnswer = line === '----'
    out.push(line)
    if (isAnswer) {
      out.push(...answer(question, compaction))
      question = []
    } else if (line.startsWith('policy')) {
      compaction = parsePolicy(line)
    } else if (line !== '' && !line.startsWith('#')) {
      question.push(line)
    }
  }
  return out.join('\n')
}

/** `policy <name> <threshold>=<value> …`, for the questions that follow. */
function parsePolicy(line: string): Compaction {
  const [, policy, ...thresholds] = line.split(' ')
  const given = thresholds.map((text) => text.split('=')).map(([name, value]) => [name, +value])
  const { baseBytes, maxBytes, ...others } = Object.fromEntries(given) as Record<string, number>
  const compaction = resolveCompaction({ policy, ...others } as FixedCompactionOptions)
  // Trees on paper are smaller than the smallest that a user may ask for.
  const small = Object.entries({ baseBytes, maxBytes }).filter(([, value]) => value !== undefined)
  return { ...compaction, ...Object.fromEntries(small) }
}

function answer([command, ...lines]: string[], compaction: Compaction): string[] {
  const levels: TableMetadata[][] = []
  let busy: ReadonlySet<number> = new Set()
  let conditions = noConditions
  let hiddenBytes = new Map<number, number>()
  let deletedAt = new Map<number, number>()
  for (const line of lines) {
    const [head, ...items] = line.split(' ')
    if (head === 'busy') busy = new Set(items.map(Number))
    else if (head === 'snapshot') conditions = { ...conditions, snapshots: items.map(Number) }
    else if (head === 'fruitless')
      conditions = { ...conditions, fruitlessReads: parseCounts(items) }
    else if (head === 'hidden') hiddenBytes = parseCounts(items)
    else if (head === 'covered') deletedAt = parseCounts(items)
    else levels[Number(head.slice(1))] = parseLevel(items)
  }
  const version = fakeVersion(Array.from(levels, (tables) => tables ?? []))
  const covered = version.levels
    .flat()
    .filter(({ fileNumber }) => deletedAt.has(fileNumber))
    .map((table) => ({ table, deletedAt: deletedAt.get(table.fileNumber)! }))
  conditions = { ...conditions, rangeDeletes: { covered, hiddenBytes } }
  const [kind, level, range] = command.split(' ')
  if (kind === 'scores') return showScores(version, compaction, busy)
  const spec =
    kind === 'manual'
      ? pickManual(version, parseRange(range), Number(level), lastLevel, busy)
      : pickCompaction(version, compaction, { ...conditions, busy, tableBytes, nowMs })
  return show(spec)
}

/** `<table>=<number> …` */
function parseCounts(items: readonly string[]): Map<number, number> {
  return new Map(items.map((item) => item.split('=').map(Number) as [number, number]))
}

/** Runs are separated by bars, the newest first. */
function parseLevel(items: readonly string[]): TableMetadata[] {
  let run = items.filter((item) => item === '|').length
  return items.flatMap((item) => (item === '|' ? (run--, []) : { ...parseTable(item), run }))
}

function parseTable(text: string): TableMetadata {
  const [, number, range, bytes, deletes, shadowed, oldest, newest, age] =
    /^(\d+):([^,]+)(?:,(\d+))?(?:,d(\d+))?(?:,s(\d+)@(\d+)-(\d+))?(?:,(\d+)s)?$/.exec(text)!
  return {
    ...fakeTable(Number(number), '', null),
    shadowedCount: Number(shadowed ?? 0) / 10,
    // Per cent: the keys and values of a table on paper are 100 bytes.
    shadowedBytes: Number(shadowed ?? 0),
    oldestShadowed: Number(oldest ?? 0),
    newestShadowing: Number(newest ?? 0),
    range: parseRange(range),
    sizeBytes: Number(bytes ?? tableBytes),
    deleteCount: Number(deletes ?? 0),
    writtenAtMs: age === undefined ? 0 : nowMs - Number(age) * 1000,
  }
}

function parseRange(text: string): KeyRange {
  const [start, end] = text.split('-')
  return { start: Buffer.from(start), end: end === '' ? null : Buffer.from(end) }
}

function show(spec: CompactionSpec | 'busy' | undefined): string[] {
  if (spec === undefined) return ['nothing']
  if (spec === 'busy') return ['busy']
  return [
    `${spec.kind} ${showRange(spec.inputRange)}${showPlace(spec)}: ${spec.reason}`,
    ...spec.inputs.map(({ level, tables }) => `  level ${level}: ${showTables(tables)}`),
    `  grandparents: ${showTables(spec.grandparents)}`,
    `  deeper: ${spec.deeperRanges.map(showRange).join(' ')}`,
  ].map((line) => line.trimEnd())
}

function showPlace({ kind, outputLevel, outputRun }: CompactionSpec): string {
  if (kind === 'drop') return ''
  return ` to level ${outputLevel}${outputRun === 0 ? '' : ` run ${outputRun}`}`
}

function showScores(version: Version, compaction: Compaction, busy: ReadonlySet<number>): string[] {
  if (compaction.policy === 'fifo') return [`level 0 ${levelStates(version, compaction)[0].score}`]
  const scores = compactionScores(version, compaction, busy).map((score) => score.toFixed(2))
  const { baseLevel, capacities } = shapeOf(version, compaction)
  return [
    `by level ${scores.join(' ')}`,
    `base level ${baseLevel}, capacities ${capacities.slice(1).map(Math.round).join(' ')}`,
    `debt ${compactionDebtBytes(version, compaction)}`,
  ]
}

function showTables(tables: readonly TableMetadata[]): string {
  return tables.map((table) => table.fileNumber).join(' ')
}

function showRange({ start, end }: KeyRange): string {
  return `${printableKey(start)}-${end === null ? '' : printableKey(end)}`
}
