import { rangesOverlap } from '../../key/key-range.js'
import { type TableMetadata, totalBytes } from '../../version/table-metadata.js'
import type { SortedRun } from '../../version/sorted-run.js'
import type { Version } from '../../version/version.js'
import type { RunCompaction } from './compaction-options.js'
import { compactionScores, isLevel0Urgent } from './compaction-scores.js'
import { maxGrandparentTables } from './compaction-spec.js'
import {
  anyBusy,
  areDisjoint,
  type CompactionInput,
  type CompactionSpec,
  makeSpec,
  rangeOf,
  runInput,
  tablesBelow,
} from './compaction-spec.js'
import type { PickConditions } from './pick-conditions.js'
import { dueTables, type DueTables } from './table-triggers.js'
import { levelBelow0, runsAllowed, shapeOf, type TreeShape } from './tree-shape.js'

/**
 * The advantage of a table in which all entries are deletes: compacting it frees the entries that
 * they hide.
 */
const tombstoneWeight = 2

/** The inputs of a decision. */
interface Situation {
  readonly version: Version
  readonly compaction: RunCompaction
  readonly shape: TreeShape
  readonly conditions: PickConditions
}

/** Running compactions use tables that this one needs, or write to the same place. */
type Blocked = 'blocked'

/**
 * The most urgent compaction that can run in parallel with the running ones, or undefined. Serves
 * all policies that merge sorted runs. T is the size ratio. A level holds up to K runs, the last
 * one up to Z:
 *
 *     K      Z
 *     1      1       leveled: each level is one run, and moves down table by table
 *     T − 1  T − 1   size-tiered: runs collect on a level until T of them are merged into one below
 *     T − 1  1       lazy leveled: the same, but into one large run at the bottom
 *
 * Level 0 is measured by its tables (each costs every read), the others by their runs and bytes.
 * The level that is fullest relative to its limit comes first, but level 0 comes first before it
 * stops writes. Level 0 moves down as a whole, because its tables overlap, and no table may move
 * below an older one. A level of several runs also moves as a whole. From a level of one run, the
 * picker takes the table with the lowest merge cost for its size.
 *
 * Where several runs are allowed, the output becomes a new run, the newest of its level. Otherwise
 * it is merged into the existing run.
 *
 * If a change of policy left too many runs on a level, they are merged on that level. If no level
 * is full, the tables of `dueTables` are compacted.
 *
 * After Dayan and Idreos, "Dostoevsky", SIGMOD 2018, which names K and Z.
 */
export function pickRuns(
  version: Version,
  compaction: RunCompaction,
  conditions: PickConditions,
): CompactionSpec | undefined {
  const shape = shapeOf(version, compaction)
  const situation = { version, compaction, shape, conditions }
  const sinking = pickSinking(situation)
  if (sinking !== undefined && !meetsRunning(sinking, conditions.running)) return sinking
  const scores = compactionScores(version, compaction, conditions.busy, shape)
  const urgent = [...scores.keys()]
    .filter((level) => scores[level] >= 1)
    .sort((a, b) => scores[b] - scores[a])
  if (isLevel0Urgent(version, compaction)) urgent.sort((a, b) => Number(b === 0) - Number(a === 0))
  // The most urgent level may wait for tables of running compactions. If less urgent compactions
  // kept taking tables of the same levels, it might wait indefinitely.
  const reserved = new Set<number>()
  for (const level of urgent) {
    const outputLevel = level === 0 ? levelBelow0(version, shape) : level + 1
    if (reserved.has(level) || reserved.has(outputLevel)) continue
    const reason = `level ${level} at ${scores[level].toFixed(2)} of its limit`
    const spec = level === 0 ? pickLevel0(situation, reason) : pickLevel(situation, level, reason)
    if (isBlocked(spec, conditions)) reserved.add(level).add(outputLevel)
    else if (spec !== undefined) return spec
  }
  return urgent.length === 0 ? pickDueTables(situation) : undefined
}

function isBlocked(
  spec: CompactionSpec | Blocked | undefined,
  { running }: PickConditions,
): spec is Blocked {
  return spec === 'blocked' || (spec !== undefined && meetsRunning(spec, running))
}

type Target = Pick<CompactionSpec, 'outputLevel' | 'outputRun' | 'inputRange'>

/** Whether a running compaction may write to the same part of the same run. */
function meetsRunning(spec: Target, running: readonly CompactionSpec[]): boolean {
  return running.some(
    ({ outputLevel, outputRun, inputRange }) =>
      outputLevel === spec.outputLevel &&
      outputRun === spec.outputRun &&
      rangesOverlap(inputRange, spec.inputRange),
  )
}

/**
 * A run with nothing below it, or above the base level, moves unchanged to the deepest level that
 * it can reach. Trees have this shape if they were written before levels were counted from the
 * bottom.
 */
function pickSinking({
  version,
  compaction,
  shape,
  conditions,
}: Situation): CompactionSpec | undefined {
  let below = shape.lastLevel + 1
  for (let level = shape.lastLevel; level >= 1; level--) {
    const runs = version.runsOf(level)
    if (runs.length === 0) continue
    const target = below - 1
    const isDeepest = below > shape.lastLevel
    below = level
    const isStray = compaction.runsPerLevel === 1 && level < shape.baseLevel
    if (target === level || runs.length > 1 || !(isDeepest || isStray)) continue
    if (anyBusy(runs[0].tables, conditions.busy)) continue
    const reason = `nothing between level ${level} and ${target}`
    return makeSpec(version, 'move', reason, [runInput(runs[0])], { level: target, run: 0 })
  }
  return undefined
}

function pickLevel0(situation: Situation, reason: string): CompactionSpec | Blocked | undefined {
  const { version, shape, conditions } = situation
  const tables = version.levels[0]
  if (anyBusy(tables, conditions.busy)) return undefined
  return pickWhole(situation, [{ level: 0, tables }], levelBelow0(version, shape), reason)
}

function pickLevel(
  situation: Situation,
  level: number,
  reason: string,
): CompactionSpec | Blocked | undefined {
  const { version, compaction, shape, conditions } = situation
  const runs = version.runsOf(level)
  const isLast = level === shape.lastLevel
  const allowed = runsAllowed(level, shape, compaction)
  if (!isLast && allowed === 1 && runs.length === 1) return pickTable(situation, runs[0], reason)
  if (anyBusy(version.levels[level], conditions.busy)) return 'blocked'
  return isLast || allowed === 1
    ? mergeRuns(version, runs, reason)
    : pickWhole(situation, runs.map(runInput), level + 1, reason)
}

/** A compaction of the first tables of `dueTables` that are free. */
function pickDueTables(situation: Situation): CompactionSpec | undefined {
  const { version, compaction, shape, conditions } = situation
  for (const due of dueTables(version, compaction, shape, conditions)) {
    const spec = takeDown(situation, due)
    if (spec !== undefined && !isBlocked(spec, conditions)) return spec
  }
  return undefined
}

function takeDown(
  situation: Situation,
  { level, tables, staysInPlace, reason }: DueTables,
): CompactionSpec | Blocked | undefined {
  const { version } = situation
  if (level === 0) return pickLevel0(situation, reason)
  if (staysInPlace) {
    const output = { level, run: tables[0].run }
    return makeSpec(version, 'merge', reason, [{ level, tables }], output)
  }
  const [run] = version.runsOf(level)
  return tables.length === 1 && goesDownByTable(situation, level)
    ? pickTable(situation, run, reason, tables)
    : pickLevel(situation, level, reason)
}

/** Merges the runs of a level into one. */
function mergeRuns(version: Version, runs: readonly SortedRun[], reason: string): CompactionSpec {
  const [{ level, number }] = runs
  const inputs = runs.map(runInput)
  const kind = areDisjoint(tablesOf(inputs)) ? 'move' : 'merge'
  return makeSpec(version, kind, reason, inputs, { level, run: number })
}

/** Moves a whole level down, into the newest run of the target level or as a new run. */
function pickWhole(
  situation: Situation,
  inputs: readonly CompactionInput[],
  outputLevel: number,
  reason: string,
): CompactionSpec | Blocked {
  const { version, conditions } = situation
  const tables = tablesOf(inputs)
  const newest = version.runsOf(outputLevel).at(0)
  const joined = joinedRun(situation, outputLevel, totalBytes(tables))
  // All tables that overlap the whole range, including gaps: an output may span a gap.
  const met = joined?.overlapping(rangeOf(tables)) ?? []
  if (anyBusy(met, conditions.busy)) return 'blocked'
  const fits = tables.every(({ range }) => (joined?.overlapping(range) ?? []).length === 0)
  const isMove = fits && areDisjoint(tables) && !meetTooMuch(situation, tables, outputLevel)
  const output = {
    level: outputLevel,
    run: joined?.number ?? (newest === undefined ? 0 : newest.number + 1),
    goesDownByTable: goesDownByTable(situation, outputLevel),
  }
  const all = isMove ? inputs : [...inputs, { level: outputLevel, tables: met }]
  return makeSpec(version, isMove ? 'move' : 'merge', reason, all, output)
}

/**
 * The run of a level that `bytes` are merged into; undefined if they become a new run. A run is
 * complete when it holds its share of the level. With K = T − 1, that is immediately.
 */
function joinedRun(
  { version, compaction, shape, conditions }: Situation,
  level: number,
  arrivingBytes: number,
): SortedRun | undefined {
  const runs = version.runsOf(level)
  const allowed = runsAllowed(level, shape, compaction)
  // All of them will be merged with each other.
  if (runs.length === 0 || runs.length > allowed) return undefined
  if (allowed === 1) return runs[0]
  // It is on its way down, and what arrives need not wait for that.
  if (anyBusy(runs[0].tables, conditions.busy)) return undefined
  const { sizeRatio } = compaction
  const arrivals = Math.floor(sizeRatio / allowed)
  const fullBytes = (shape.capacities[level] / sizeRatio) * arrivals
  return runs[0].sizeBytes + arrivingBytes <= fullBytes ? runs[0] : undefined
}

/** The candidate with the lowest merge cost relative to its size. */
function pickTable(
  situation: Situation,
  run: SortedRun,
  reason: string,
  candidates: readonly TableMetadata[] = run.tables,
): CompactionSpec | Blocked {
  const { version, conditions } = situation
  const { busy, running } = conditions
  const outputLevel = run.level + 1
  const joined = version.runsOf(outputLevel).at(0)
  const outputRun = joined?.number ?? 0
  let best: TableMetadata | undefined
  let bestMet: TableMetadata[] = []
  let bestCost = Infinity
  for (const table of candidates) {
    if (busy.has(table.fileNumber)) continue
    const met = joined?.overlapping(table.range) ?? []
    const cost = mergeCost(table, met)
    if (cost >= bestCost || anyBusy(met, busy)) continue
    const target = { outputLevel, outputRun, inputRange: rangeOf([table, ...met]) }
    if (running.length > 0 && meetsRunning(target, running)) continue
    best = table
    bestMet = met
    bestCost = cost
  }
  if (best === undefined) return 'blocked'
  const isMove = bestMet.length === 0 && !meetTooMuch(situation, [best], outputLevel)
  const inputs = [
    { level: run.level, tables: [best] },
    { level: outputLevel, tables: bestMet },
  ]
  const output = {
    level: outputLevel,
    run: outputRun,
    goesDownByTable: goesDownByTable(situation, outputLevel),
  }
  return makeSpec(version, isMove ? 'move' : 'merge', reason, inputs, output)
}

/**
 * Bytes to rewrite on the next level for each byte that leaves this one; lower for tables with many
 * deletes.
 */
function mergeCost(table: TableMetadata, met: readonly TableMetadata[]): number {
  const deletes = table.deleteCount + table.rangeDeleteCount
  const share = Math.min(1, deletes / Math.max(1, table.entryCount))
  return totalBytes(met) / (table.sizeBytes * (1 + tombstoneWeight * share))
}

function goesDownByTable({ compaction, shape }: Situation, level: number): boolean {
  return level < shape.lastLevel && compaction.runsPerLevel === 1
}

function meetTooMuch(
  situation: Situation,
  tables: readonly TableMetadata[],
  outputLevel: number,
): boolean {
  if (!goesDownByTable(situation, outputLevel)) return false
  const maxBytes = maxGrandparentTables * situation.conditions.tableBytes
  return tables.some(
    ({ range }) => totalBytes(tablesBelow(situation.version, outputLevel, range)) > maxBytes,
  )
}

function tablesOf(inputs: readonly CompactionInput[]): TableMetadata[] {
  return inputs.flatMap(({ tables }) => tables)
}
