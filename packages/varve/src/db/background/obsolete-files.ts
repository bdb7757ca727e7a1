import type { FileSystem } from '../../fs/file-system.js'
import type { TableCache } from '../../sstable/table-cache.js'
import { parseFileName, tableName } from '../../store/file-names.js'
import type { FileRemovals } from './file-removals.js'

/**
 * Finds obsolete files and passes them to `removals`.
 *
 * Owned by: the Database that owns the directory.
 */
export class ObsoleteFiles {
  private removedLogsBelow = 0

  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
    private readonly tables: TableCache,
    private readonly removals: FileRemovals,
  ) {}

  /** Requires: no Version holds these tables. */
  removeTables(fileNumbers: readonly number[]): void {
    for (const fileNumber of fileNumbers) this.tables.evict(fileNumber)
    this.removals.remove(fileNumbers.map(tableName))
  }

  /** Requires: every commit in a log below `logNumber` is in a table. */
  removeLogsBelow(logNumber: number): void {
    // With many keyspaces, most flushes release no log.
    if (logNumber <= this.removedLogsBelow) return
    const names = this.namesInDirectory()
    if (names.length > 0) this.removedLogsBelow = logNumber
    const obsolete = names.filter((name) => {
      const file = parseFileName(name)
      return file?.kind === 'log' && file.number < logNumber
    })
    this.removals.remove(obsolete)
  }

  /** Returns an empty list if the directory cannot be read: the next flush tries again. */
  private namesInDirectory(): string[] {
    try {
      return this.fs.list(this.directory)
    } catch {
      return []
    }
  }
}
