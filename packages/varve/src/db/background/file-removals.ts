import type { FileSystem } from '../../fs/file-system.js'
import { nodeLockOwner } from '../../fs/lock/node-process-identity.js'
import { type FilesInUse, filesInUse } from '../../fs/lock/reader-lease.js'

/**
 * Files of the database on their way out. They wait while somebody copies the directory, and while a reader
 * beside the owner needs them; then they go with the next ones.
 *
 * Owned by: the Database that owns the directory. Lives: as long as it is open; what waits at its end is
 * found unneeded by the next open.
 *
 * Invariant 1: a file comes here after the edit that takes it out is in the MANIFEST; see ReaderLease.
 */
export class FileRemovals {
  /** Whether the directory belongs to somebody else. Set by the database. */
  isFenced: () => boolean = () => false
  private readonly waiting = new Set<string>()
  private readonly underWay = new Set<Promise<void>>()
  private readonly holds = new Set<ReadonlySet<string>>()

  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
  ) {}

  /** Removes files that no edit in force names any more. One that cannot be removed stays. */
  remove(names: Iterable<string>): void {
    for (const name of names) this.waiting.add(name)
    this.removeWaiting()
  }

  /** Keeps files until what it returns is called. */
  hold(names: Iterable<string>): () => void {
    const held = new Set(names)
    this.holds.add(held)
    return () => {
      this.holds.delete(held)
      this.removeWaiting()
    }
  }

  /** Resolves when no file is on its way out. */
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
      return filesInUse(this.fs, this.directory, nodeLockOwner)
    } catch {
      // Nobody knows: asked again with the next ones.
      return () => true
    }
  }

  private begin(name: string): void {
    const ended = (): void => void this.underWay.delete(removal)
    const removal = this.fs.removeAsync(`${this.directory}/${name}`).then(ended, ended)
    this.underWay.add(removal)
  }
}
