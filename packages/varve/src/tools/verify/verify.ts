import { isNotFound, VarveError } from '../../base/errors.js'
import { summaryProblem } from '../../sstable/format/properties.js'
import { checkTable } from '../../sstable/salvage/table-check.js'
import { TolerantTable } from '../../sstable/salvage/tolerant-table.js'
import {
  currentName,
  logName,
  parseFileName,
  tableName,
  unneededFiles,
} from '../../store/file-names.js'
import { logsFrom } from '../../wal/log-files.js'
import type { ReplayedLog } from '../../wal/replay.js'
import { currentManifest, type ManifestView, type NamedTable } from '../directory/manifest-view.js'
import { type DirectoryOwner, ownerOf } from '../directory/directory-owner.js'
import { type Problem, ProblemList, problemOf, type Remark } from '../directory/problem.js'
import { inTurns, type Site, siteOf, type ToolOptions } from '../directory/tool-options.js'
import { problemsOfLevels } from '../directory/level-problems.js'
import { checkLogs, type LogFindings } from './verify-logs.js'
import { checkOrder } from './verify-order.js'
import type { VerifiedFile, VerifyReport } from './verify-report.js'

/** How often a file that seems wrong is read again: its owner may be writing it. */
const maxReadings = 3

/**
 * Reads every byte of the database in `directory`, checks it against all others, and changes
 * nothing: checksums, order and bounds within and between tables and levels, counts, filters (none
 * may deny a key that is there), logs, and the MANIFEST against the directory.
 *
 * The database may be open meanwhile, here or in another process: what its owner removes or is
 * still writing is left out. Lets the event loop run every few megabytes.
 *
 * @throws INVALID_ARGUMENT when the directory holds no database; IO when it cannot be listed.
 */
export async function verify(
  directory: string | URL,
  options: ToolOptions = {},
): Promise<VerifyReport> {
  const site = siteOf(directory, options)
  const names = site.fs.list(site.directory)
  if (!names.some((name) => isDatabaseFile(name))) {
    const message = `${site.directory} holds no database`
    throw new VarveError('INVALID_ARGUMENT', message, { path: site.directory })
  }
  const verification = new Verification(site)
  await verification.run()
  return verification.report()
}

function isDatabaseFile(name: string): boolean {
  const kind = parseFileName(name)?.kind
  return kind === 'table' || kind === 'log' || kind === 'manifest' || kind === 'current'
}

/** A LOCK or READER file while a process publishes it, or after that process has died. */
function isClaim(name: string): boolean {
  return name.startsWith('LOCK.') || name.startsWith('READER.')
}

/** One run of `verify`. Owned by: that call. */
class Verification {
  private readonly problems = new ProblemList()
  private readonly remarks: Remark[] = []
  private readonly files: VerifiedFile[] = []
  private owner: DirectoryOwner | undefined
  private totals = { blocks: 0, entries: 0, rangeDeletes: 0, commits: 0, operations: 0 }

  constructor(private readonly site: Site) {}

  async run(): Promise<void> {
    this.owner = ownerOf(this.site)
    const manifest = this.readManifest()
    if (manifest === undefined) {
      await this.checkTables(this.allTables())
      this.checkLogs(0, false)
      return
    }
    for (const problem of problemsOfLevels(manifest)) this.problems.add(problem)
    await this.checkTables([...manifest.tables.values()])
    this.checkLogs(manifest.logNumber, true)
    this.lookAround(manifest)
    await this.checkOrder(manifest)
  }

  report(): VerifyReport {
    const { problems, remarks, files, totals, owner } = this
    const ofKind = (kind: VerifiedFile['kind']): number =>
      files.filter((file) => file.kind === kind).length
    return {
      path: this.site.directory,
      ...(owner === undefined ? {} : { owner }),
      isSound: problems.count === 0,
      problems: problems.listed,
      moreProblems: problems.more,
      remarks,
      files,
      totals: {
        files: files.length,
        bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        tables: ofKind('table'),
        logs: ofKind('log'),
        ...totals,
      },
    }
  }

  /** Undefined when nothing says which files belong to the database. */
  private readManifest(): ManifestView | undefined {
    let manifest: ManifestView | undefined
    let failure: Problem | undefined
    for (let reading = 0; reading < maxReadings; reading++) {
      try {
        manifest = currentManifest(this.site.fs, this.site.directory)
        failure = undefined
        if (manifest.problems.length === 0) break
      } catch (error) {
        failure = problemOf(error, currentName)
      }
    }
    if (failure !== undefined) {
      this.problems.add(failure)
      return undefined
    }
    const { name, sizeBytes, edits, problems, torn } = manifest!
    for (const problem of problems) this.problems.add(problem)
    this.files.push({
      name: currentName,
      kind: 'current',
      sizeBytes: name.length + 1,
      entries: 0,
      problems: 0,
    })
    this.files.push({
      name,
      kind: 'manifest',
      sizeBytes,
      entries: edits,
      problems: problems.length,
    })
    if (torn !== undefined && !this.hasOwner()) {
      const { droppedBytes, offset } = torn
      const message = `torn tail of ${droppedBytes} bytes at byte ${offset}: never in force`
      this.remarks.push({ file: name, message })
    }
    return manifest
  }

  /** The tables in the directory, when nothing says which of them count. */
  private allTables(): { fileNumber: number }[] {
    return this.site.store.list().map((fileNumber) => ({ fileNumber }))
  }

  private async checkTables(
    tables: readonly (NamedTable | { fileNumber: number })[],
  ): Promise<void> {
    for (const named of tables) {
      const fileNumber = 'table' in named ? named.table.fileNumber : named.fileNumber
      const before = this.problems.count
      try {
        await this.checkTable(fileNumber, 'table' in named ? named : undefined)
      } catch (error) {
        const file = tableName(fileNumber)
        if (!isNotFound(error)) this.problems.add(problemOf(error, file))
        else if (this.problems.count === before && this.isStillNamed(fileNumber)) {
          const message = 'the MANIFEST names it, but it is not there'
          this.problems.add({ kind: 'missing', file, message })
        }
      }
    }
  }

  private async checkTable(fileNumber: number, named: NamedTable | undefined): Promise<void> {
    const { store, codecs, clock } = this.site
    const name = tableName(fileNumber)
    const file = store.open(fileNumber)
    try {
      const table = new TolerantTable(file, codecs)
      const found = await inTurns(clock, checkTable(table))
      const problems: Problem[] = found.damage.map(({ start, end, what, isUnsupported }) => ({
        kind: isUnsupported ? 'unsupported' : 'damage',
        file: name,
        offset: start,
        sizeBytes: end - start,
        message: what,
      }))
      const { properties, sizeBytes } = table
      if (named !== undefined && properties !== undefined) {
        const message = summaryProblem(named.table, { ...properties, sizeBytes })
        if (message !== undefined) {
          problems.push({
            kind: 'mismatch',
            file: name,
            message: `not as the MANIFEST has it: ${message}`,
          })
        }
      }
      for (const problem of problems) this.problems.add(problem)
      this.totals.blocks += found.blocks
      this.totals.entries += found.entryCount
      this.totals.rangeDeletes += table.tombstones?.length ?? 0
      this.files.push({
        name,
        kind: 'table',
        sizeBytes,
        ...(named === undefined ? {} : { level: named.level }),
        entries: found.entryCount,
        problems: problems.length,
      })
    } finally {
      file.close()
    }
  }

  /** Whether a table that has gone still counts; if not, its owner has compacted it meanwhile. */
  private isStillNamed(fileNumber: number): boolean {
    try {
      const { fs, directory } = this.site
      return currentManifest(fs, directory).tables.has(fileNumber)
    } catch (error) {
      problemOf(error, currentName)
      return true
    }
  }

  /** `isCertain`: the MANIFEST says from which number on logs are needed. */
  private checkLogs(logNumber: number, isCertain: boolean): void {
    let found: LogFindings
    let logs: ReplayedLog[]
    for (let reading = 1; ; reading++) {
      logs = logsFrom(this.site.fs, this.site.directory, logNumber)
      found = checkLogs(this.site, logs, isCertain ? logNumber : (logs[0]?.logNumber ?? 0))
      if (found.problems.length === 0 || reading === maxReadings) break
      if (isCertain) logNumber = this.neededLog(logNumber)
    }
    for (const problem of found.problems) this.problems.add(problem)
    // Its owner has cut or dropped what an earlier one left torn: these logs are being written.
    if (!this.hasOwner()) this.remarks.push(...found.remarks)
    this.totals.commits += found.commits
    for (const { logNumber: number, path } of logs) {
      const name = logName(number)
      const operations = found.operations.get(number) ?? 0
      this.totals.operations += operations
      const problems = found.problems.filter(({ file }) => file === name).length
      const sizeBytes = this.sizeOf(path)
      this.files.push({ name, kind: 'log', sizeBytes, entries: operations, problems })
    }
  }

  private neededLog(before: number): number {
    try {
      return currentManifest(this.site.fs, this.site.directory).logNumber
    } catch (error) {
      problemOf(error, currentName)
      return before
    }
  }

  private sizeOf(path: string): number {
    try {
      const file = this.site.fs.openForRead(path)
      try {
        return file.sizeBytes()
      } finally {
        file.close()
      }
    } catch (error) {
      problemOf(error, path)
      return 0
    }
  }

  /** Whether the database is, or was since the verification began, open for writing. */
  private hasOwner(): boolean {
    this.owner ??= ownerOf(this.site)
    return this.owner !== undefined
  }

  /** Files that nothing needs, and those that are not the database's. */
  private lookAround(manifest: ManifestView): void {
    const names = this.site.fs.list(this.site.directory)
    for (const file of names) {
      if (parseFileName(file) === undefined && !isClaim(file)) {
        this.remarks.push({ file, message: 'not a file of the database' })
      }
    }
    // An owner removes leftovers when it opens, so these are files that it is writing or removing.
    if (this.hasOwner()) return
    const current = Number(/\d+$/.exec(manifest.name)?.[0])
    const unneeded = unneededFiles(names, {
      holdsTable: (fileNumber) => manifest.tables.has(fileNumber),
      logNumber: manifest.logNumber,
      manifestNumber: current,
    })
    for (const file of unneeded) {
      this.remarks.push({ file, message: 'not in use; the next open removes it' })
    }
  }

  private async checkOrder(manifest: ManifestView): Promise<void> {
    if (this.problems.count > 0) {
      const message = 'versions were not compared between levels, because of the problems above'
      this.remarks.push({ file: manifest.name, message })
      return
    }
    for (const keyspace of manifest.keyspaces()) {
      try {
        const wrong = await inTurns(
          this.site.clock,
          checkOrder(this.site, manifest.levels(keyspace)),
        )
        for (const message of wrong) {
          this.problems.add({ kind: 'mismatch', file: manifest.name, message })
        }
      } catch (error) {
        if (!isNotFound(error)) throw error
        const message = 'versions were not compared between levels: their tables were compacted'
        this.remarks.push({ file: manifest.name, message })
      }
    }
  }
}
