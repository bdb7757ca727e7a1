import { VarveError } from '../base/errors.js'
import { lockDirectory, type LockSite } from '../fs/lock/lock-directory.js'
import type { BackupDirectory } from './backup-directory.js'

/** The result of removing old backups. */
export interface PruneReport {
  /** Removed and kept generations, both ascending. */
  readonly removed: readonly number[]
  readonly kept: readonly number[]
  /** Bytes of removed contents. */
  readonly freedBytes: number
  /** Kept generations that cannot be read. While there are any, no contents are removed. */
  readonly unreadable: readonly number[]
}

/**
 * Removes all generations but the newest `keep`, and the contents that no kept one needs.
 * Generations are removed first, durably, so that after a crash every remaining one is whole.
 */
export function pruneGenerations(
  directory: BackupDirectory,
  keep: number,
  site: LockSite,
): PruneReport {
  const { fs } = directory
  const lock = lockDirectory(directory.path, site)
  try {
    const all = directory.generations()
    const removed = all.slice(0, -keep)
    const kept = all.slice(-keep)
    for (const generation of removed) fs.remove(directory.generationPath(generation))
    fs.syncDirectory(directory.path)
    const { needed, unreadable } = neededBy(directory, kept)
    const freedBytes = unreadable.length > 0 ? 0 : removeContents(directory, needed)
    return { removed, kept, freedBytes, unreadable }
  } finally {
    lock.release()
  }
}

function neededBy(directory: BackupDirectory, generations: readonly number[]) {
  const needed = new Set<string>()
  const unreadable: number[] = []
  for (const generation of generations) {
    try {
      for (const { hash } of directory.read(generation).files) needed.add(hash)
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
      unreadable.push(generation)
    }
  }
  return { needed, unreadable }
}

/** Also removes contents of interrupted backups. Returns the removed bytes. */
function removeContents(directory: BackupDirectory, needed: ReadonlySet<string>): number {
  const { fs, contentsPath } = directory
  let freedBytes = 0
  for (const hash of fs.list(contentsPath)) {
    if (needed.has(hash)) continue
    const path = `${contentsPath}/${hash}`
    const file = fs.openForRead(path)
    freedBytes += file.sizeBytes()
    file.close()
    fs.remove(path)
  }
  return freedBytes
}
