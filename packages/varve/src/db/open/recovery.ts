import type { BatchReader } from '../../batch/batch-reader.js'
import { corruption, unsupportedFormat } from '../../base/errors.js'
import type { FileSystem, WritableFile } from '../../fs/file-system.js'
import { MemTable } from '../../memtable/memtable.js'
import type { Tree } from '../../tree/tree.js'
import { parseFileName } from '../../version/file-names.js'
import { replayLogs, type ReplayedLog, type ReplayResult } from '../../wal/replay.js'

/** Read and written at once when a log is written again. */
const maxPieceBytes = 1024 * 1024

/** The logs in a directory that hold commits which may not be in tables, oldest first. */
export function logsFrom(fs: FileSystem, directory: string, logNumber: number): ReplayedLog[] {
  return fs
    .list(directory)
    .flatMap((name) => {
      const file = parseFileName(name)
      if (file?.kind !== 'log' || file.number < logNumber) return []
      return [{ logNumber: file.number, path: `${directory}/${name}` }]
    })
    .sort((a, b) => a.logNumber - b.logNumber)
}

/** Puts what the logs hold into the memtables of the trees. Changes no file. */
export function replayInto(
  fs: FileSystem,
  logs: readonly ReplayedLog[],
  trees: ReadonlyMap<number, Tree>,
  firstNeeded: number,
  highestTable: number,
): ReplayResult {
  return replayLogs(fs, logs, applierTo(trees), firstNeeded, highestTable)
}

/** Puts commit groups into the memtables of the trees. */
export function applierTo(
  trees: ReadonlyMap<number, Tree>,
): (group: BatchReader, logNumber: number) => void {
  return (group, logNumber) => {
    while (group.next()) {
      const tree = trees.get(group.keyspace)
      if (tree === undefined) {
        throw unsupportedFormat(`log ${logNumber}`, `keyspace ${group.keyspace}`)
      }
      const bytes = MemTable.entryBytes(
        group.keyEnd - group.keyStart,
        group.valueEnd - group.valueStart,
      )
      if (!tree.hasRoom(bytes)) tree.rotate(bytes)
      tree.apply(group, logNumber)
    }
  }
}

/**
 * Makes what replay found the durable state: torn tails are cut off, dropped logs are removed, and the
 * logs that count are synced, since the next log builds on them. Whoever wrote them may have died
 * before doing so, or may have failed to: then the bytes are in the system's memory, marked as written
 * though they are not, and only writing them again brings them to the disk.
 */
export function mendLogs(fs: FileSystem, directory: string, replayed: ReplayResult): void {
  for (const { path, sizeBytes, durableBytes } of replayed.used) {
    const file = fs.openForAppend(path)
    try {
      if (file.sizeBytes > sizeBytes) file.truncate(sizeBytes)
      rewrite(fs, file, durableBytes)
      file.sync()
    } finally {
      file.close()
    }
  }
  if (replayed.used.length > 0) fs.syncDirectory(directory)
  // The last one first, so that whenever power fails, none misses the one that it continues.
  for (const { path } of [...replayed.dropped].reverse()) {
    fs.remove(path)
    fs.syncDirectory(directory)
  }
}

/** Writes what stands behind `start` once more, as it is: dying meanwhile changes nothing. */
function rewrite(fs: FileSystem, file: WritableFile, start: number): void {
  const reader = fs.openForRead(file.path)
  try {
    const piece = Buffer.allocUnsafe(Math.min(maxPieceBytes, Math.max(file.sizeBytes - start, 0)))
    for (let at = start; at < file.sizeBytes; at += piece.length) {
      const length = Math.min(piece.length, file.sizeBytes - at)
      const came = reader.read(piece, 0, length, at)
      if (came < length) throw corruption(file.path, at + came, 'a log that became shorter')
      file.rewrite(piece.subarray(0, length), at)
    }
  } finally {
    reader.close()
  }
}
