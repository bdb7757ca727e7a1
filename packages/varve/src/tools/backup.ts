import type { BackupDirectory } from '../backup/backup-directory.js'
import { openBackupDirectory } from '../backup/backup-directory.js'
import { type CopySource, filesOf } from '../backup/copy-source.js'
import { sizeOf, tableCountOf } from '../backup/generation.js'
import { type BackupReport, makeBackup } from '../backup/make-backup.js'
import { pruneGenerations, type PruneReport } from '../backup/prune-backups.js'
import { restoreGeneration, type RestoreReport } from '../backup/restore-backup.js'
import { type BackupsVerification, verifyGenerations } from '../backup/verify-backups.js'
import { invalidArgument, VarveError } from '../base/errors.js'
import { Yielder } from '../base/yielder.js'
import type { BatchReader } from '../batch/batch-reader.js'
import { readBesideOwner } from '../db/open/read-beside-owner.js'
import { pathOf } from '../db/options/arguments.js'
import { ReaderLease } from '../fs/lock/reader-lease.js'
import { databaseExists } from '../version/manifest.js'
import { VersionSet } from '../version/version-set.js'
import { logsFrom } from '../wal/log-files.js'
import { replayLogs } from '../wal/replay.js'
import { problemOf } from './directory/problem.js'
import { type Site, siteOf, type ToolOptions } from './directory/tool-options.js'

/** Options of `restoreBackup` and `verifyBackups`. */
export interface GenerationOptions extends ToolOptions {
  /** Which backup. Default: the newest for `restoreBackup`, all for `verifyBackups`. */
  readonly generation?: number
}

/** Options of `pruneBackups`. */
export interface PruneOptions extends ToolOptions {
  /** How many backups stay, the newest ones; 1 or more. */
  readonly keep: number
}

/** One backup in a list. */
export interface ListedBackup {
  readonly generation: number
  /**
   * When it was made, in milliseconds since 1970; this and the others: undefined when it is
   * damaged.
   */
  readonly createdAtMs?: number
  /** Where the database was. */
  readonly source?: string
  /** The last write in it; see `stats().sequence`. */
  readonly sequence?: number
  readonly tables?: number
  /** Bytes of the database; several backups share what did not change. */
  readonly sizeBytes?: number
  /** Why it cannot be read, and so not restored. */
  readonly problem?: string
}

/**
 * Adds a backup of the database in `directory` to those in `backups`, as `db.backup` does. The
 * database may be open meanwhile, here or in another process of this machine: then it holds what
 * was written before the call, and the files stay until it is made.
 *
 * @throws INVALID_ARGUMENT when there is no database, or `backups` holds something else; LOCKED
 * when another backup is being made there; CORRUPTION, UNSUPPORTED_FORMAT, IO
 */
export async function backup(
  directory: string | URL,
  backups: string | URL,
  options: ToolOptions = {},
): Promise<BackupReport> {
  const path = pathOf(backups, 'the directory of backups')
  const site = siteOf(directory, options)
  const lease = leaseOn(site)
  try {
    const from = readBesideOwner(site.fs, site.clock, () => readCopySource(site))
    lease?.narrow(filesOf(from))
    return await makeBackup(site, from, path, new Yielder(site.clock))
  } finally {
    lease?.release()
  }
}

/**
 * Makes a database of a backup in `directory`, which must be missing or empty. Every file is
 * compared with what was backed up. The directory holds the whole database, durably, or nothing.
 *
 * @throws INVALID_ARGUMENT when there is no such backup, or something in `directory`; CORRUPTION,
 * IO
 */
export async function restoreBackup(
  backups: string | URL,
  directory: string | URL,
  options: GenerationOptions = {},
): Promise<RestoreReport> {
  const path = pathOf(directory, 'the directory')
  const site = backupSite(backups, options)
  const generation = site.backups.read(site.backups.newestOr(options.generation))
  return restoreGeneration(site, site.backups, generation, path, new Yielder(site.clock))
}

/** The backups in a directory, the oldest first, damaged ones too. Throws INVALID_ARGUMENT, IO. */
export async function listBackups(
  backups: string | URL,
  options: ToolOptions = {},
): Promise<ListedBackup[]> {
  const { backups: directory } = backupSite(backups, options)
  const listed = directory.generations().map((generation) => listedBackup(directory, generation))
  return Promise.resolve(listed)
}

/**
 * Reads every byte of all backups in a directory, or of one, and compares it with what was written.
 * Changes nothing.
 *
 * @throws INVALID_ARGUMENT when there are none, or not that one; IO when the directory cannot be
 * listed
 */
export async function verifyBackups(
  backups: string | URL,
  options: GenerationOptions = {},
): Promise<BackupsVerification> {
  const { backups: directory, clock } = backupSite(backups, options)
  const { generation } = options
  const all = directory.generations()
  if (generation !== undefined && !all.includes(generation)) directory.read(generation)
  const generations = generation === undefined ? all : [generation]
  return verifyGenerations(directory, generations, new Yielder(clock))
}

/**
 * Removes all backups but the newest `keep`, and what only they needed. Whatever happens meanwhile,
 * those that are there are whole.
 *
 * @throws INVALID_ARGUMENT, LOCKED when a backup is being made there, IO
 */
export async function pruneBackups(
  backups: string | URL,
  options: PruneOptions,
): Promise<PruneReport> {
  const { keep } = options
  if (!Number.isSafeInteger(keep) || keep < 1) {
    throw invalidArgument("'keep' must be a whole number from 1 on", 'keep')
  }
  const site = backupSite(backups, options)
  return Promise.resolve(pruneGenerations(site.backups, keep, site))
}

function backupSite(path: string | URL, options: ToolOptions): Site & { backups: BackupDirectory } {
  const site = siteOf(path, options)
  return { ...site, backups: openBackupDirectory(site.fs, site.directory) }
}

function listedBackup(directory: BackupDirectory, generation: number): ListedBackup {
  try {
    const found = directory.read(generation)
    const { createdAtMs, source, sequence } = found
    const tables = tableCountOf(found)
    return { generation, createdAtMs, source, sequence, tables, sizeBytes: sizeOf(found) }
  } catch (error) {
    return { generation, problem: problemOf(error, '').message }
  }
}

/**
 * Undefined when the directory cannot be written to. Its owner may then remove files, and the copy
 * fails.
 */
function leaseOn({ fs, directory, clock, lockOwner }: Site): ReaderLease | undefined {
  try {
    return ReaderLease.take(fs, directory, clock, lockOwner)
  } catch (error) {
    if (error instanceof VarveError && error.code === 'IO') return undefined
    throw error
  }
}

/** The state on disk now, to the last whole record of the logs. */
function readCopySource({ fs, directory, store }: Site): CopySource {
  if (!databaseExists(fs, directory)) throw invalidArgument(`${directory} holds no database`)
  const versions = VersionSet.recover(fs, directory, { readOnly: true })
  const edit = versions.snapshotEdit()
  const found = logsFrom(fs, directory, edit.logNumber)
  const walkThrough = (group: BatchReader): void => {
    while (group.next());
  }
  const { used, lastSequence } = replayLogs(fs, found, walkThrough, edit.logNumber)
  const sizes = new Map(used.map(({ path, sizeBytes }) => [path, sizeBytes]))
  const logs = found.flatMap((log) => {
    const limitBytes = sizes.get(log.path)
    return limitBytes === undefined ? [] : [{ ...log, limitBytes }]
  })
  const sequence = Math.max(versions.lastSequence, lastSequence)
  return { directory, store, edit, logs, sequence }
}
