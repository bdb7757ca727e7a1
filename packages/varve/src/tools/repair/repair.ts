import { corruption } from '../../base/errors.js'
import { afterCloses } from '../../fs/lock/closes-under-way.js'
import { lockWithoutReaders } from '../../fs/lock/lock-directory.js'
import { currentName, maxFileNumber, unneededFiles } from '../../store/file-names.js'
import { startManifest } from '../../version/manifest.js'
import type { TableMetadata, WrittenTable } from '../../version/table-metadata.js'
import type { KeyspaceRecords } from '../../version/keyspace-records.js'
import type { AddedTable } from '../../version/version-edit.js'
import type { FoundFile } from '../directory/inventory.js'
import { byKeyspace, groupsToMerge, levelsFor } from '../directory/layout.js'
import { ProblemList } from '../directory/problem.js'
import { keyspaceFields, knownKeyspaces } from './repair-keyspaces.js'
import { type PlannedTable, planRepair, type RepairPlan } from './repair-plan.js'
import type { RepairedFile, RepairReport } from './repair-report.js'
import { ReplacementTables } from './repair-tables.js'
import { inTurns, type Site, siteOf, type ToolOptions } from '../directory/tool-options.js'
import { verify } from '../verify/verify.js'

/** Options of `repair`. */
export interface RepairOptions extends ToolOptions {
  /** False: only reports what it would do, and changes nothing. Default: false. */
  readonly apply?: boolean
  /**
   * Take every whole commit from the logs, also after what looks like a torn tail, where there may
   * then be a hole in time. By default logs that `open` can read are left to it. Default false.
   */
  readonly salvageLogs?: boolean
}

/**
 * Repairs a damaged database so that it opens and is sound, with everything outside of what
 * is damaged. Of each key the newest version that is left counts: where the newest is lost, an
 * older one comes back, also one that had been deleted.
 *
 * - A damaged table is copied without the blocks that cannot be read.
 * - Without a MANIFEST the tables themselves tell what was in the tree. Those of which nothing
 *   shows which is newer are merged.
 * - Logs that `open` would refuse become tables, of all their whole commits.
 *
 * No file is changed or removed before the new state is durable; afterwards the originals of all
 * that was replaced are in a folder of their own, `aside`; delete it when you are done.
 *
 * @throws INVALID_ARGUMENT when the directory holds no database; LOCKED when it has an owner;
 * UNSUPPORTED_FORMAT for files of a later version, which it must not touch; IO.
 */
export async function repair(
  directory: string | URL,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { apply = false, salvageLogs = false } = options
  const site = siteOf(directory, options)
  const lock = apply
    ? await afterCloses(site.fs, () => lockWithoutReaders(site.directory, site))
    : undefined
  try {
    const plan = await inTurns(site.clock, planRepair(site, { salvageLogs }))
    const report = reportOf(site, plan)
    if (!apply || !plan.isNeeded) return report
    const aside = await inTurns(site.clock, new Repair(site, plan).run())
    const after = await verify(site.directory, options)
    return { ...report, isDone: true, aside, after }
  } finally {
    lock?.release()
  }
}

/** Carries out a plan. Owned by: that call of `repair`. */
class Repair {
  private nextFileNumber: number
  private readonly replacements: ReplacementTables
  private readonly keyspaces: KeyspaceRecords

  constructor(
    private readonly site: Site,
    private readonly plan: RepairPlan,
  ) {
    this.nextFileNumber = plan.firstFreeNumber
    this.keyspaces = knownKeyspaces(plan)
    this.replacements = new ReplacementTables(site, (count) => this.allocate(count))
  }

  /** Returns the folder with the originals. */
  *run(): Generator<number, string> {
    const { fs, directory } = this.site
    let aside: string
    let replaced: FoundFile[]
    try {
      const added = yield* this.writeTables()
      fs.syncDirectory(directory)
      replaced = this.replacedFiles()
      aside = this.setAside(replaced)
      this.writeManifest(added)
    } catch (error) {
      this.takeBack()
      throw error
    }
    // From here on the new state is the durable one.
    for (const { path, name } of replaced) if (name !== currentName) fs.remove(path)
    fs.syncDirectory(directory)
    return aside
  }

  private allocate(count: number): number {
    const first = this.nextFileNumber
    this.nextFileNumber += count
    if (this.nextFileNumber > maxFileNumber) {
      throw corruption(this.site.directory, 0, 'file numbers that are used up')
    }
    return first
  }

  private *writeTables(): Generator<number, AddedTable[]> {
    const { plan } = this
    const added: AddedTable[] = []
    for (const planned of plan.tables) {
      const written = yield* this.tableOf(planned)
      if (written !== undefined) added.push(placed(written, planned))
    }
    const rewritten = plan.logs.filter(({ fate }) => fate === 'rewrite')
    const sources = rewritten.map(({ source }) => source)
    for (const { keyspace, table } of yield* this.replacements.fromLogs(sources, plan.flushed)) {
      if (!this.keyspaces.wasDropped(keyspace)) added.push(placed(table, { keyspace }))
    }
    if (plan.manifest.trusted !== undefined) return added
    return [...byKeyspace(added)].flatMap(([keyspace, of]) =>
      this.layOut(
        keyspace,
        of.map(({ table }) => table),
      ),
    )
  }

  private *tableOf({ source, fate }: PlannedTable): Generator<number, WrittenTable | undefined> {
    if (fate === 'drop' || source === undefined) return undefined
    if (fate === 'rewrite') return yield* this.replacements.salvage(source)
    if (fate === 'rename') return this.replacements.rename(source)
    const { statistics, sizeBytes, file } = source
    return { fileNumber: file.number, ...statistics!, sizeBytes }
  }

  /** Gives every table of a keyspace a level, and merges those that cannot have one. */
  private layOut(keyspace: number, tables: readonly TableMetadata[]): AddedTable[] {
    let settled = [...tables]
    for (;;) {
      const [group] = groupsToMerge(settled)
      if (group === undefined) break
      const merged = new Set(group)
      const run = this.replacements
        .merge(keyspace, group)
        .map((written) => placed(written, { keyspace }).table)
      settled = [...settled.filter((table) => !merged.has(table)), ...run]
    }
    return [...levelsFor(settled)].map(([table, level]) => ({
      keyspace,
      level,
      table: { ...table, run: 0 },
    }))
  }

  /** Files that the new state does not need and that were not removed before. */
  private replacedFiles(): FoundFile[] {
    const { files, manifest, tables, logs } = this.plan
    const kept = new Set<string>()
    for (const { name, fate } of tables) if (fate === 'keep') kept.add(name)
    for (const { source, fate } of logs) if (fate === 'keep') kept.add(source.file.name)
    const used = new Set(tables.flatMap(({ source }) => source?.file.name ?? []))
    const { trusted } = manifest
    const obsolete =
      trusted === undefined
        ? new Set<string>()
        : new Set(
            unneededFiles(
              files.map(({ name }) => name),
              {
                holdsTable: (fileNumber) => trusted.tables.has(fileNumber),
                logNumber: trusted.logNumber,
                manifestNumber: Number(/\d+$/.exec(trusted.name)?.[0]),
              },
            ),
          )
    return files.filter(({ name }) => {
      if (kept.has(name)) return false
      return used.has(name) || !obsolete.has(name)
    })
  }

  /** Second names for the originals, so that nothing is lost wherever this ends. */
  private setAside(files: readonly FoundFile[]): string {
    const { fs, directory } = this.site
    const free = (): string => `${directory}/repair-${String(this.allocate(1)).padStart(6, '0')}`
    let aside = free()
    // One is there when a repair failed before.
    while (fs.exists(aside)) aside = free()
    fs.makeDirectory(aside)
    for (const { path, name } of files) fs.link(path, `${aside}/${name}`)
    fs.syncDirectory(aside)
    fs.syncDirectory(directory)
    return aside
  }

  private writeManifest(added: readonly AddedTable[]): void {
    const { plan } = this
    const kept = plan.logs.filter(({ fate }) => fate === 'keep').map(({ source }) => source)
    const { trusted } = plan.manifest
    const number = this.allocate(1)
    const firstKept = kept[0]?.file.number
    const keptFrom = trusted?.logNumber ?? firstKept ?? number
    const logNumber = plan.logProblem === undefined ? keptFrom : number
    const lastSequence = added.reduce(
      (max, { table }) => Math.max(max, table.maxSequence),
      plan.lastSequence,
    )
    const { fs, directory } = this.site
    const used = [
      ...added.map(({ keyspace }) => keyspace),
      ...kept.flatMap(({ lastSequences }) => [...lastSequences.keys()]),
    ]
    const edit = {
      logNumber,
      nextFileNumber: this.nextFileNumber,
      lastSequence,
      added,
      ...keyspaceFields(this.keyspaces, used),
    }
    startManifest(fs, directory, number, edit).close()
  }

  /** Removes written files that no MANIFEST names. Never throws: the first error says more. */
  private takeBack(): void {
    this.site.store.discard(this.replacements.written)
  }
}

/** In the place of a table that the MANIFEST names, or as a new one on level 0. */
function placed(
  written: WrittenTable,
  { keyspace, named }: Pick<PlannedTable, 'keyspace'> & Partial<Pick<PlannedTable, 'named'>>,
): AddedTable {
  const { run = 0, writtenAtMs = 0 } = named?.table ?? {}
  const table = { ...written, run, writtenAtMs }
  return { keyspace, level: named?.level ?? 0, table }
}

function reportOf(site: Site, plan: RepairPlan): RepairReport {
  const { manifest, tables, merges, logs, logProblem, isNeeded } = plan
  const dropped = new ProblemList()
  for (const { source, fate } of tables) {
    if (source === undefined || fate === 'drop') continue
    for (const { part, start, end, what } of source.found.damage) {
      const message = part === 'data' ? what : `${part}: ${what}`
      const place = { file: source.file.name, offset: start, sizeBytes: end - start }
      dropped.add({ kind: 'damage', ...place, message })
    }
  }
  for (const { source, fate } of logs) {
    if (fate !== 'rewrite') continue
    for (const { start, end } of source.damage) {
      const place = { file: source.file.name, offset: start, sizeBytes: end - start }
      dropped.add({ kind: 'damage', ...place, message: 'no whole commit' })
    }
  }
  return {
    path: site.directory,
    isNeeded,
    isDone: false,
    ...(manifest.problem === undefined ? {} : { manifestProblem: manifest.problem }),
    isRebuilt: manifest.trusted === undefined,
    ...(logProblem === undefined ? {} : { logProblem }),
    files: [...tables.map(tableOf), ...logs.map(logOf)],
    merges: merges.map((group) => group.map(({ name }) => name)),
    dropped: dropped.listed,
    moreDropped: dropped.more,
  }
}

function tableOf({ name, fate, named, source, lostEntries, reason }: PlannedTable): RepairedFile {
  return {
    name,
    kind: 'table',
    fate,
    ...(named === undefined ? {} : { level: named.level }),
    entries: fate === 'drop' ? 0 : (source?.found.entryCount ?? 0),
    ...(lostEntries === undefined ? {} : { lostEntries }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function logOf({ source, fate }: RepairPlan['logs'][number]): RepairedFile {
  const { file, operations } = source
  return {
    name: file.name,
    kind: 'log',
    fate,
    entries: operations,
    ...(fate === 'drop' ? { reason: 'tables hold all of it' } : {}),
  }
}
