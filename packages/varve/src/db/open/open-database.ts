import { join } from 'node:path'
import { VarveError } from '../../base/errors.js'
import { Signal } from '../../base/signal.js'
import { systemReason } from '../../base/system-reason.js'
import type { DirectoryLock } from '../../fs/lock/directory-lock.js'
import { lockDirectory } from '../../fs/lock/lock-directory.js'
import { currentName } from '../../store/file-names.js'
import { requireOwnDirectory } from '../../version/database-directory.js'
import { FileRemovals } from '../background/file-removals.js'
import { ObsoleteFiles } from '../background/obsolete-files.js'
import { KeyspaceCatalog } from '../keyspaces/keyspace-catalog.js'
import type { ResolvedOptions } from '../options/open-options.js'
import { WriteGate } from '../write/write-gate.js'
import type { DatabaseParts } from './database-parts.js'
import {
  type FruitlessReads,
  newReadCore,
  newSharedParts,
  noDatabaseError,
  readDirectory,
} from './read-directory.js'
import { mendLogs } from './recovery.js'
import { startWriter } from './start-writer.js'
import { Undo } from './undo.js'

/**
 * Opens a directory as its owner: takes the lock, reads the MANIFEST, replays the logs and starts a
 * new one. If a step fails, nothing stays locked or open, and no acknowledged write is lost.
 * `assertOpen` throws once the database is closed.
 */
export function openDatabase(
  path: string,
  options: ResolvedOptions,
  assertOpen: () => void,
): DatabaseParts {
  const undo = new Undo()
  try {
    return openOwned(path, options, assertOpen, undo)
  } catch (error) {
    undo.run()
    throw error
  }
}

function openOwned(
  givenPath: string,
  options: ResolvedOptions,
  assertOpen: () => void,
  undo: Undo,
): DatabaseParts {
  const { fs } = options
  createDirectory(givenPath, options)
  const path = fs.realPath(givenPath)
  requireOwnDirectory(fs, path)
  const lock = lockToWrite(path, options)
  undo.add(() => lock.release())

  const gate = new WriteGate(path)
  // If someone deleted LOCK, the directory may have another owner now. Leave its files alone.
  const requireOwner = (): void => {
    if (lock.isLost()) throw gate.poisonWith(lostLockError(path))
  }
  const fruitlessReads: FruitlessReads = new Signal()
  const snapshotReleased = new Signal<[sequence: number]>()
  const compactionDue = new Signal()
  const shared = newSharedParts(path, options, undo, fruitlessReads)
  const { store, tables } = shared
  const removals = new FileRemovals(fs, path, store, options.lockOwner, () => lock.isLost())
  const obsolete = new ObsoleteFiles(fs, path, tables, removals)
  const directory = readDirectory(path, options, shared, undo, {
    requireOwner,
    onObsolete: (fileNumbers) => obsolete.removeTables(fileNumbers),
    onSnapshotRelease: (sequence) => snapshotReleased.emit(sequence),
    onCompactionDue: () => compactionDue.emit(),
  })
  const { state, replayed } = directory
  mendLogs(fs, path, replayed)
  removals.remove(state.versions.unneededFiles())

  const core = newReadCore(state, options, shared.coldReads, assertOpen)
  const writer = startWriter(
    { path, options, shared, directory, core, lock, gate, requireOwner, removals, obsolete },
    { fruitlessReads, snapshotReleased, compactionDue },
    undo,
  )
  const { pipeline, policies, log, edits, scheduler } = writer
  const catalog = new KeyspaceCatalog({
    options,
    versions: state.versions,
    trees: state.trees,
    keyspaces: shared.keyspaces,
    newTree: directory.newTree,
    log,
    edits,
    pipeline,
    policies,
    obsolete,
    assertOpen,
    pump: () => scheduler.pump(),
  })
  const follower = undefined
  return { ...shared, path, options, current: { state }, core, writer, follower, catalog }
}

function createDirectory(path: string, { fs, createIfMissing }: ResolvedOptions): void {
  if (fs.exists(path)) return
  if (!createIfMissing) throw noDatabaseError(path, false)
  fs.makeDirectory(path)
}

/** Takes the lock. If the directory cannot be written to, the error explains how to read it. */
function lockToWrite(path: string, options: ResolvedOptions): DirectoryLock {
  try {
    return lockDirectory(path, options)
  } catch (error) {
    if (!isWriteProtected(error)) throw error
    const advice = options.fs.exists(join(path, currentName))
      ? 'open it with readOnly: true to read it'
      : 'choose a directory that can be written to'
    const { systemCode } = error
    const reason = systemReason(systemCode)
    throw new VarveError('IO', `cannot write to ${path}: ${reason}; ${advice}`, {
      path,
      systemCode,
      cause: error,
    })
  }
}

function isWriteProtected(error: unknown): error is VarveError & { systemCode: string } {
  if (!(error instanceof VarveError)) return false
  return ['EROFS', 'EACCES', 'EPERM'].includes(error.systemCode ?? '')
}

function lostLockError(path: string): VarveError {
  const message = `LOCK in ${path} was removed or taken; the directory may have another owner now`
  return new VarveError('LOCKED', message, { path })
}
