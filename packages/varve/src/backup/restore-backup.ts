import type { Clock } from '../base/clock.js'
import type { Yielder } from '../base/yielder.js'
import type { FileSystem } from '../fs/file-system.js'
import type { BackupDirectory } from './backup-directory.js'
import { copyFile } from './file-copy.js'
import { type Generation, sizeOf, tableCountOf } from './generation.js'
import { inNewDirectory } from './new-directory.js'

/** A restored database. */
export interface RestoreReport {
  /** Its directory. */
  readonly path: string
  readonly generation: number
  /** Creation time of the backup, in milliseconds since 1970. */
  readonly createdAtMs: number
  /** Sequence of its last write; see `stats().sequence`. */
  readonly sequence: number
  readonly tables: number
  readonly sizeBytes: number
}

/**
 * Copies the files of a generation to a directory that is missing or empty, and compares each with
 * its hash. The directory then holds the whole database, durably, or nothing.
 */
export async function restoreGeneration(
  { fs, clock }: { readonly fs: FileSystem; readonly clock: Clock },
  backups: BackupDirectory,
  restored: Generation,
  target: string,
  yielder: Yielder,
): Promise<RestoreReport> {
  const path = await inNewDirectory(fs, target, clock.uniqueToken(), async (directory) => {
    for (const file of restored.files) {
      const content = fs.openForRead(backups.contentPath(file.hash))
      await copyFile(fs, content, `${directory}/${file.name}`, yielder, file)
    }
    fs.syncDirectory(directory)
  })
  const { generation, createdAtMs, sequence } = restored
  const tables = tableCountOf(restored)
  return { path, generation, createdAtMs, sequence, tables, sizeBytes: sizeOf(restored) }
}
