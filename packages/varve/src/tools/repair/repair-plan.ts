import { VarveError } from '../../base/errors.js'
import { numberBehind, logName, tableName } from '../../store/file-names.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { defaultKeyspace } from '../../version/version-edit.js'
import type { ManifestView, NamedTable } from '../directory/manifest-view.js'
import { type FoundFile, takeInventory } from '../directory/inventory.js'
import { byKeyspace, groupsToMerge } from '../directory/layout.js'
import { examineLog, type LogSource } from '../directory/log-source.js'
import { chooseManifest, type ManifestChoice } from '../directory/manifest-choice.js'
import { examineTable, isTable, type TableSource } from '../directory/table-source.js'
import type { Site } from '../directory/tool-options.js'
import { checkLogs } from '../verify/verify-logs.js'

/**
 * - `keep`: is used as it is, under its name.
 * - `rename`: is used as it is, under a new number, for it lies under a wrong name.
 * - `rewrite`: its readable entries go to a new table.
 * - `drop`: nothing of it can be used.
 */
type Fate = 'keep' | 'rename' | 'rewrite' | 'drop'

export interface PlannedTable {
  /** Undefined: the MANIFEST names it, and its file is gone. */
  readonly source: TableSource | undefined
  readonly name: string
  readonly fate: Fate
  /** As the MANIFEST has it; undefined when the tables have to tell. */
  readonly named: NamedTable | undefined
  readonly keyspace: number
  /** Entries that will be lost; undefined if unknown. */
  readonly lostEntries: number | undefined
  readonly reason: string | undefined
}

interface PlannedLog {
  readonly source: LogSource
  /**
   * `keep`: the next open reads it. `rewrite`: its commits go to a table. `drop`: tables hold them.
   */
  readonly fate: Exclude<Fate, 'rename'>
}

/** What a repair would do, before anything is changed. */
export interface RepairPlan {
  readonly files: readonly FoundFile[]
  readonly manifest: ManifestChoice
  readonly tables: readonly PlannedTable[]
  /**
   * Groups of tables. Each group must become one run, because it is unknown which table is newer.
   */
  readonly merges: readonly PlannedTable[][]
  readonly logs: readonly PlannedLog[]
  /** Why the logs cannot stay as they are. */
  readonly logProblem: string | undefined
  /** By keyspace: operations up to this sequence are in tables. */
  readonly flushed: ReadonlyMap<number, number>
  /** The highest sequence that the tables or the MANIFEST know. */
  readonly lastSequence: number
  /** Numbers from here on belong to no file. */
  readonly firstFreeNumber: number
  readonly isNeeded: boolean
}

interface PlanOptions {
  /** Take every whole commit from the logs, also after what looks like a torn tail. */
  readonly salvageLogs: boolean
}

/** Reads everything and decides; changes nothing. Yields bytes read. */
export function* planRepair(site: Site, options: PlanOptions): Generator<number, RepairPlan> {
  const files = takeInventory(site)
  if (!files.some((file) => file.isIdentified)) {
    const message = `${site.directory} holds no file that is known to be of a database`
    throw new VarveError('INVALID_ARGUMENT', message, { path: site.directory })
  }
  const choice = chooseManifest(site, files)
  const plan = yield* planBy(site, files, choice, options)
  const { trusted } = choice
  if (trusted === undefined || !hasLostItsEnd(plan, trusted)) return plan
  const problem = `${trusted.name} names what is gone, and does not know all that is there`
  const { hints } = choice
  return yield* planBy(site, files, { trusted: undefined, problem, hints }, options)
}

function* planBy(
  site: Site,
  files: readonly FoundFile[],
  manifest: ManifestChoice,
  options: PlanOptions,
): Generator<number, RepairPlan> {
  const tables =
    manifest.trusted === undefined
      ? yield* allTables(site, files, manifest)
      : yield* namedTables(site, files, [...manifest.trusted.tables.values()])
  refuseUnsupported(tables)
  const used = tables.filter(({ fate }) => fate !== 'drop')
  const flushed = flushedSequences(used, manifest.trusted)
  const lastSequence = Math.max(manifest.trusted?.lastSequence ?? 0, ...flushed.values())
  const logs = yield* planLogs(site, files, manifest, { ...options, flushed })
  const isNeeded =
    manifest.problem !== undefined ||
    logs.logProblem !== undefined ||
    tables.some(({ fate }) => fate !== 'keep')
  const behindNames = numberBehind(site.fs.list(site.directory))
  return {
    files,
    manifest,
    tables,
    merges: manifest.trusted === undefined ? mergesOf(used) : [],
    ...logs,
    flushed,
    lastSequence,
    firstFreeNumber: Math.max(behindNames, manifest.trusted?.nextFileNumber ?? 0),
    isNeeded,
  }
}

/**
 * A MANIFEST that lost its last edits reads well: it shows the tree as it was once. Then tables and
 * logs that it names are gone, since they were replaced, and others are there that it never heard
 * of. One of the two alone is a missing file, or what a crash left over.
 */
function hasLostItsEnd(plan: RepairPlan, view: ManifestView): boolean {
  const isMissing = plan.tables.some(({ source }) => source === undefined)
  const isUnknown = plan.files.some(
    ({ holds, number }) =>
      holds === 'table' && !view.tables.has(number) && !view.deleted.has(number),
  )
  const isBehindLost = plan.logs.some(
    ({ source: { previousLog = 0 } }) =>
      previousLog >= view.logNumber &&
      !plan.files.some(({ name }) => name === logName(previousLog)),
  )
  return isUnknown && (isMissing || isBehindLost)
}

/**
 * The tables that the MANIFEST names, wherever they lie. A whole one is better than a damaged one,
 * its own name better than another; a file that does not say which table it holds is taken at its
 * name.
 */
function* namedTables(
  site: Site,
  files: readonly FoundFile[],
  named: readonly NamedTable[],
): Generator<number, PlannedTable[]> {
  const holding = files.filter(({ holds }) => holds === 'table')
  const planned: PlannedTable[] = []
  const kept = new Set<string>()
  const open: { entry: NamedTable; own: TableSource | undefined }[] = []
  for (const entry of named) {
    const name = tableName(entry.table.fileNumber)
    const file = holding.find((candidate) => candidate.name === name)
    const own = file && (yield* examine(site, file, entry.table))
    if (own?.isSound !== true || !isTable(own, entry.table)) {
      open.push({ entry, own })
      continue
    }
    kept.add(name)
    planned.push(plan(own, 'keep', entry))
  }
  if (open.length === 0) return planned
  const others: TableSource[] = []
  for (const file of holding) {
    const source = kept.has(file.name) ? undefined : yield* examine(site, file, undefined)
    if (source !== undefined) others.push(source)
  }
  for (const { entry, own } of open) {
    const matching = others.filter((candidate) => isTable(candidate, entry.table))
    const damaged = matching.find(({ file }) => file.name === own?.file.name) ?? matching[0]
    const source = matching.find(({ isSound }) => isSound) ?? damaged
    const isNameless = own !== undefined && !own.isSelfDescribed
    if (source !== undefined) {
      planned.push(plan(source, source.isSound ? 'rename' : 'rewrite', entry))
      if (isNameless) planned.push(unidentified(own))
    } else {
      planned.push(isNameless ? plan(own, 'rewrite', entry) : lost(entry))
    }
  }
  return planned
}

/** Every table there is, but those that a MANIFEST is known to have let go. */
function* allTables(
  site: Site,
  files: readonly FoundFile[],
  { hints }: ManifestChoice,
): Generator<number, PlannedTable[]> {
  const planned: PlannedTable[] = []
  const hasSeveral = hints.some((view) => view.keyspaces().some(isOther))
  for (const file of files) {
    if (file.holds !== 'table') continue
    const isInPlace = file.name === tableName(file.number)
    if (isInPlace && hints.some((view) => view.deleted.has(file.number))) continue
    const known = isInPlace ? knownTable(file.number, hints) : undefined
    const source = yield* examine(site, file, known?.table)
    if (source === undefined) continue
    const sound = isInPlace ? 'keep' : 'rename'
    // A table does not name its keyspace.
    if (hasSeveral && known === undefined) planned.push(ofUnknownKeyspace(source))
    else planned.push(plan(source, source.isSound ? sound : 'rewrite', undefined, known?.keyspace))
  }
  return planned
}

function knownTable(fileNumber: number, hints: ManifestChoice['hints']): NamedTable | undefined {
  for (const view of hints) {
    const named = view.tables.get(fileNumber)
    if (named !== undefined) return named
  }
  return undefined
}

/** Undefined when the operating system does not let it be read at all. */
function* examine(
  site: Site,
  file: FoundFile,
  known: TableMetadata | undefined,
): Generator<number, TableSource | undefined> {
  try {
    return yield* examineTable(site, file, known)
  } catch (error) {
    if (!(error instanceof VarveError) || error.code !== 'IO') throw error
    return undefined
  }
}

function plan(
  source: TableSource,
  fate: Fate,
  named: NamedTable | undefined,
  keyspace = named?.keyspace ?? defaultKeyspace,
): PlannedTable {
  const { file, found, statistics, baseSequence, rangeDeletes } = source
  const base = { source, name: file.name, named, keyspace }
  const entries = statistics?.entryCount
  if (statistics === undefined || baseSequence === undefined) {
    const reason = 'the sequences of its entries are unknown'
    return { ...base, fate: 'drop', lostEntries: entries, reason }
  }
  const lostEntries = Math.max(0, entries! - found.entryCount)
  if (found.entryCount === 0 && rangeDeletes === 0) {
    return { ...base, fate: 'drop', lostEntries, reason: 'nothing in it can be read' }
  }
  return { ...base, fate, lostEntries, reason: undefined }
}

function lost(named: NamedTable): PlannedTable {
  const { table, keyspace } = named
  const { entryCount: lostEntries } = table
  const name = tableName(table.fileNumber)
  const reason = 'it is not there, or cannot be read'
  return { source: undefined, name, fate: 'drop', named, keyspace, lostEntries, reason }
}

/** A file in the place of another table that does not say which table it is. */
function unidentified(source: TableSource): PlannedTable {
  return dropped(source, undefined, 'its table number is unknown')
}

/** A table that no MANIFEST names, in a database with several keyspaces. */
function ofUnknownKeyspace(source: TableSource): PlannedTable {
  return dropped(source, source.statistics?.entryCount, 'its keyspace is unknown')
}

function dropped(
  source: TableSource,
  lostEntries: number | undefined,
  reason: string,
): PlannedTable {
  const { name } = source.file
  const keyspace = defaultKeyspace
  return { source, name, fate: 'drop', named: undefined, keyspace, lostEntries, reason }
}

function refuseUnsupported(tables: readonly PlannedTable[]): void {
  for (const { source, name } of tables) {
    const damage = source?.found.damage.find(({ isUnsupported }) => isUnsupported)
    if (damage === undefined) continue
    throw new VarveError('UNSUPPORTED_FORMAT', `${name}: ${damage.what}`, { file: name })
  }
}

function mergesOf(tables: readonly PlannedTable[]): PlannedTable[][] {
  const groups: PlannedTable[][] = []
  for (const own of byKeyspace(tables).values()) {
    const extents = own.map((table) => ({ ...table.source!.statistics!, table }))
    for (const group of groupsToMerge(extents)) groups.push(group.map(({ table }) => table))
  }
  return groups
}

/**
 * A MANIFEST of one keyspace knows its last flushed sequence, also when a compaction dropped the
 * entry. Of several keyspaces one may be flushed further than another; only its tables tell how
 * far.
 */
function flushedSequences(
  used: readonly PlannedTable[],
  trusted: ManifestView | undefined,
): Map<number, number> {
  const flushed = new Map<number, number>()
  const raise = (keyspace: number, sequence: number): void =>
    void flushed.set(keyspace, Math.max(sequence, flushed.get(keyspace) ?? 0))
  for (const { keyspace, source } of used) raise(keyspace, source!.statistics!.maxSequence)
  for (const { keyspace, table } of trusted?.tables.values() ?? []) {
    raise(keyspace, table.maxSequence)
  }
  if (trusted !== undefined && !trusted.keyspaces().some(isOther)) {
    raise(defaultKeyspace, trusted.lastSequence)
  }
  return flushed
}

function isOther(keyspace: number): boolean {
  return keyspace !== defaultKeyspace
}

function* planLogs(
  site: Site,
  files: readonly FoundFile[],
  { trusted }: ManifestChoice,
  { salvageLogs, flushed }: PlanOptions & Pick<RepairPlan, 'flushed'>,
): Generator<number, Pick<RepairPlan, 'logs' | 'logProblem'>> {
  const sources = yield* examineLogs(
    site,
    files.filter(({ holds, number }) => holds === 'log' && number >= (trusted?.logNumber ?? 0)),
  )
  const isFlushed = (source: LogSource): boolean =>
    trusted === undefined &&
    [...source.lastSequences].every(([keyspace, last]) => last <= (flushed.get(keyspace) ?? 0))
  const used = sources.filter((source) => !isFlushed(source))
  const asked = salvageLogs && used.length > 0 ? 'every whole commit was asked for' : undefined
  const logProblem = problemOfLogs(site, files, used, trusted?.logNumber) ?? asked
  const fate = logProblem === undefined ? 'keep' : 'rewrite'
  return {
    logs: sources.map((source) => ({ source, fate: isFlushed(source) ? 'drop' : fate })),
    logProblem,
  }
}

/** The logs in order; of two that say they are the same, the one with more in it. */
function* examineLogs(site: Site, files: readonly FoundFile[]): Generator<number, LogSource[]> {
  const best = new Map<number, LogSource>()
  for (const file of files) {
    const source = yield* examineLog(site, file)
    const other = best.get(file.number)
    if (other === undefined || source.operations > other.operations) best.set(file.number, source)
  }
  return [...best.values()].sort((a, b) => a.file.number - b.file.number)
}

/** Why `open` cannot read the logs as they are. */
function problemOfLogs(
  site: Site,
  files: readonly FoundFile[],
  used: readonly LogSource[],
  logNumber: number | undefined,
): string | undefined {
  const misplaced = used.find(({ file }) => file.name !== logName(file.number))
  if (misplaced !== undefined) {
    return `${misplaced.file.name} holds log ${misplaced.file.number}`
  }
  const first = logNumber ?? used[0]?.file.number
  if (first === undefined) return undefined
  const logs = files.filter(({ name, named }) => named === 'log' && numberOf(name) >= first)
  const strange = logs.find(({ holds }) => holds !== 'log')
  if (strange !== undefined) return `${strange.name} holds a ${strange.holds}`
  const replayable = logs.map(({ path, number }) => ({ path, logNumber: number }))
  const [problem] = checkLogs(site, replayable, first).problems
  if (problem === undefined) return undefined
  const message = `${problem.file}: ${problem.message}`
  if (problem.kind !== 'unsupported') return message
  throw new VarveError('UNSUPPORTED_FORMAT', message, { file: problem.file })
}

function numberOf(name: string): number {
  return Number(/\d+/.exec(name)?.[0])
}
