import type { Yielder } from '../base/yielder.js'
import type { FileSystem } from '../fs/file-system.js'
import { logName, tableName } from '../store/file-names.js'
import { startManifest } from '../version/manifest.js'
import { copyCommits } from './copy-commits.js'
import { type CopySource, tablesOf } from './copy-source.js'
import { linkOrCopy } from './file-copy.js'
import { inNewDirectory } from './new-directory.js'

/** The contents of a checkpoint. */
export interface CheckpointReport {
  /** The directory. */
  readonly path: string
  /** Sequence of its last write; see `stats().sequence`. */
  readonly sequence: number
  readonly tables: number
  /** Bytes of all its files, whether copied or linked. */
  readonly sizeBytes: number
  /** Bytes written for it: the log, and tables where links cannot be made. */
  readonly copiedBytes: number
}

/**
 * Makes an independent database from a copy source, in a directory that is missing or empty. It is
 * built next to the target under a name that ends in `.tmp`, and renamed only when all of it is
 * durable. After a crash, the directory therefore holds a whole database or none.
 */
export async function writeCheckpoint(
  fs: FileSystem,
  from: CopySource,
  target: string,
  token: string,
  yielder: Yielder,
): Promise<CheckpointReport> {
  let copiedBytes = 0
  let sizeBytes = 0
  const path = await inNewDirectory(fs, target, token, async (directory) => {
    for (const fileNumber of tablesOf(from)) {
      const path = `${directory}/${tableName(fileNumber)}`
      copiedBytes += await linkOrCopy(fs, from.store, fileNumber, path, yielder)
    }
    copiedBytes += await writeCommitsAndManifest(fs, from, directory, yielder)
    sizeBytes = directoryBytes(fs, directory)
  })
  return { path, sequence: from.sequence, tables: tablesOf(from).length, sizeBytes, copiedBytes }
}

/**
 * Writes the files that make a directory with the tables of a copy source a database: a log, a
 * MANIFEST and CURRENT. All of it is durable when this returns, including every name in the
 * directory. Returns the written bytes.
 */
export async function writeCommitsAndManifest(
  fs: FileSystem,
  from: CopySource,
  directory: string,
  yielder: Yielder,
): Promise<number> {
  const logNumber = from.edit.nextFileNumber
  const logPath = `${directory}/${logName(logNumber)}`
  const logBytes = await copyCommits(fs, from, logPath, logNumber, yielder)
  return logBytes + putInForce(fs, from, directory, logNumber)
}

/** Writes the MANIFEST, then CURRENT, and syncs them and all names. Returns their bytes. */
function putInForce(
  fs: FileSystem,
  from: CopySource,
  directory: string,
  logNumber: number,
): number {
  const manifestNumber = logNumber + 1
  const edit = { ...from.edit, logNumber, nextFileNumber: manifestNumber + 1 }
  const writer = startManifest(fs, directory, manifestNumber, edit)
  try {
    writer.appendMark()
    writer.sync()
    return writer.sizeBytes
  } finally {
    writer.close()
  }
}

function directoryBytes(fs: FileSystem, directory: string): number {
  let sum = 0
  for (const name of fs.list(directory)) {
    const file = fs.openForRead(`${directory}/${name}`)
    sum += file.sizeBytes()
    file.close()
  }
  return sum
}
