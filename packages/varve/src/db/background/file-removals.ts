import type { FileSystem } from '../../fs/file-system.js'
import type { LockOwner } from '../../fs/lock/lock-owner.js'
import { type FilesInUse, filesInUse } from '../../fs/lock/reader-lease.js'
import { parseFileName } from '../../store/file-names.js'
import type { TableStore } from '../../store/table-store.js'

/**
 * Removes files of the database. A file that a backup is copying, or that a reader in another
 * process needs, stays for now. A later call removes it.
 *
 * Owned by: the Database that owns the directory. Lives: as long as it is open. The next open finds
 * the files that were not removed.
 *
 * Requires: the MANIFEST holds the edit that drops a file before the file is removed; see
 * ReaderLease.
 */
export class FileRemovals {
  private readonly waiting = new Set<string>()
  private readonly underWay = new Set<Promise<void>>()
  private readonly holds = new Set<ReadonlySet<string>>()

  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
    private readonly store: TableStore,
    private readonly self: LockOwner,
    /** Whether another owner may have taken the directory. */
    private readonly isFenced: () => boolean,
  ) {}

  /** Removes files that the MANIFEST no longer names. A file that cannot be removed stays. */
  remove(names: Iterable<string>): void {
    for (const name of names) this.waiting.add(name)
    this.removeWaiting()
  }

  /** Keeps files until the returned function is called. */
  hold(names: Iterable<string>): () => void {
    const held = new Set(names)
    this.holds.add(held)
    return () => {
      this.holds.delete(held)
      this.removeWaiting()
    }
  }

  /** Resolves when no removal is in progress. */
  async ended(): Promise<void> {
    await Promise.all(this.underWay)
  }

  private removeWaiting(): void {
    if (this.waiting.size === 0 || this.isFenced()) return
    const isInUse = this.askReaders()
    for (const name of this.waiting) {
      if (isInUse(name) || [...this.holds].some((held) => held.has(name))) continue
      this.waiting.delete(name)
      this.begin(name)
    }
  }

  private askReaders(): FilesInUse {
    try {
      return filesInUse(this.fs, this.directory, this.self)
    } catch {
      // Unknown: check again with the next files.
      return () => true
    }
  }

  private begin(name: string): void {
    const ended = (): void => void this.underWay.delete(removal)
    const removal = this.removalOf(name).then(ended, ended)
    this.underWay.add(removal)
  }

  private removalOf(name: string): Promise<void> {
    const file = parseFileName(name)
    if (file?.kind === 'table') return this.store.remove(file.number)
    return this.fs.removeAsync(`${this.directory}/${name}`)
  }
}
