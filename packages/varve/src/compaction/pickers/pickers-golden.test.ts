import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { printableKey } from '../../base/bytes.js'
import type { KeyRange } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { fakeTable, fakeVersion } from '../../version/testing/fake-tables.js'
import type { Version } from '../../version/version.js'
import { compactionDebtBytes, compactionScores } from './compaction-scores.js'
import type { CompactionSpec } from './compaction-spec.js'
import { defaultLeveledOptions, type LeveledOptions } from './leveled-options.js'
import { pickLeveled } from './leveled-picker.js'
import { pickManual } from './manual-picker.js'

/** Rewrites the goldens instead of checking them. */
const update = process.env['VARVE_UPDATE_GOLDENS'] === '1'
const folder = new URL('../../../testdata/pickers/', import.meta.url)
const tableBytes = 100
const options: LeveledOptions = {
  ...defaultLeveledOptions,
  l0Trigger: 2,
  baseBytes: 300,
  sizeRatio: 2,
  maxLevels: 4,
}

for (const name of ['leveled.txt', 'manual.txt']) {
  test(`pickers decide as ${name} says`, () => {
    const file = new URL(name, folder)
    const text = readFileSync(file, 'utf8')
    const actual = answerAll(text)
    if (update) writeFileSync(file, actual)
    else assert.equal(actual, text)
  })
}

/** The text with the lines behind each `----`, up to an empty line, answered anew. */
function answerAll(text: string): string {
  const out: string[] = []
  let question: string[] = []
  let isAnswer = false
  for (const line of text.split('\n')) {
    const isCommand = /^(pick|manual|scores)/.test(line)
    if (isAnswer && line !== '' && !isCommand) continue
    isAnswer = line === '----'
    out.push(line)
    if (isAnswer) {
      out.push(...answer(question))
      question = []
    } else if (line !== '' && !line.startsWith('#')) {
      question.push(line)
    }
  }
  return out.join('\n')
}

function answer([command, ...lines]: string[]): string[] {
  const levels: TableMetadata[][] = []
  let busy: ReadonlySet<number> = new Set()
  for (const line of lines) {
    const [head, ...items] = line.split(' ')
    if (head === 'busy') busy = new Set(items.map(Number))
    else levels[Number(head.slice(1))] = items.map(parseTable)
  }
  const version = fakeVersion(Array.from(levels, (tables) => tables ?? []))
  const [kind, level, range] = command.split(' ')
  if (kind === 'scores') return showScores(version, busy)
  const spec =
    kind === 'manual'
      ? pickManual(version, parseRange(range), Number(level), busy)
      : pickLeveled(version, options, busy, tableBytes)
  return show(spec)
}

function parseTable(text: string): TableMetadata {
  const [, number, range, bytes, deletes] = /^(\d+):([^,]+)(?:,(\d+))?(?:,d(\d+))?$/.exec(text)!
  return {
    ...fakeTable(Number(number), '', null),
    range: parseRange(range),
    sizeBytes: Number(bytes ?? tableBytes),
    deleteCount: Number(deletes ?? 0),
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
    `${spec.kind} ${showRange(spec.inputRange)} to level ${spec.outputLevel}: ${spec.reason}`,
    ...spec.inputs.map(({ level, tables }) => `  level ${level}: ${showTables(tables)}`),
    `  grandparents: ${showTables(spec.grandparents)}`,
    `  deeper: ${spec.deeperRanges.map(showRange).join(' ')}`,
  ].map((line) => line.trimEnd())
}

function showScores(version: Version, busy: ReadonlySet<number>): string[] {
  const scores = compactionScores(version, options, busy).map((score) => score.toFixed(2))
  return [`by level ${scores.join(' ')}`, `debt ${compactionDebtBytes(version, options)}`]
}

function showTables(tables: readonly TableMetadata[]): string {
  return tables.map((table) => table.fileNumber).join(' ')
}

function showRange({ start, end }: KeyRange): string {
  return `${printableKey(start)}-${end === null ? '' : printableKey(end)}`
}
