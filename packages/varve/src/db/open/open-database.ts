import { VarveError } from '../../base/errors.js'
import { Signal } from '../../base/signal.js'
import { lockDirectory } from '../../fs/lock/lock-directory.js'
import { FileRemovals } from '../background/file-removals.js'
import { ObsoleteFiles } from '../background/obsolete-files.js'
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
 * Opens a directory as its owner: lock, MANIFEST, replay of the logs, a new log. If a step fails,
 * nothing stays locked or open and no acknowledged write is lost. `assertOpen` throws once the
 * database is closed.
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
  const lock = lockDirectory(path, options)
  undo.add(() => lock.release())

  const gate = new WriteGate(path)
  // If LOCK was removed by hand, another owner may have come. Its files are left alone.
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

  const core = newReadCore(state, options, assertOpen)
  const writer = startWriter(
    { path, options, shared, directory, core, lock, gate, requireOwner, removals, obsolete },
    { fruitlessReads, snapshotReleased, compactionDue },
    undo,
  )
  return { ...shared, path, options, current: { state }, core, writer, follower: undefined }
}

function createDirectory(path: string, { fs, createIfMissing }: ResolvedOptions): void {
  if (fs.exists(path)) return
  if (!createIfMissing) throw noDatabaseError(path)
  fs.makeDirectory(path)
}

function lostLockError(path: string): VarveError {
  const message = `LOCK in ${path} was removed or taken; the directory may have another owner now`
  return new VarveError('LOCKED', message, { path })
}
