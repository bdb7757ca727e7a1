import type { BatchReader } from '../../batch/batch-reader.js'
import { corruption, unsupportedFormat } from '../../base/errors.js'
import type { FileSystem, WritableFile } from '../../fs/file-system.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import { replayLogs, type ReplayedLog, type ReplayResult } from '../../wal/replay.js'

/** Bytes read and written at once when a log is rewritten. */
const maxPieceBytes = 1024 * 1024

/** Inserts the commits of the logs into the memtables. Changes no file. */
export function replayInto(
  fs: FileSystem,
  logs: readonly ReplayedLog[],
  trees: TreeRegistry,
  firstNeeded: number,
  highestTable: number,
): ReplayResult {
  return replayLogs(fs, logs, applierTo(trees), firstNeeded, highestTable)
}

/** Inserts commit groups into the memtables. */
export function applierTo(trees: TreeRegistry): (group: BatchReader, logNumber: number) => void {
  return (group, logNumber) => {
    while (group.next()) {
      const tree = trees.get(group.keyspace)
      if (tree === undefined) {
        throw unsupportedFormat(`log ${logNumber}`, `keyspace ${group.keyspace}`)
      }
      const payloadBytes = group.valueEnd - group.keyStart
      if (!tree.hasRoomFor(payloadBytes, 1)) tree.rotate(payloadBytes, 1)
      tree.apply(group, logNumber)
    }
  }
}

/**
 * Makes the replayed state durable: truncates torn tails, removes dropped logs, and syncs the logs
 * that were used, because the next log builds on them. Their writer may have died before its sync,
 * or the sync may have failed. Then the page cache may hold bytes that it wrongly marks as written,
 * so they are written again before the sync.
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
  // The last one first: after a power failure no log misses the one that it continues.
  for (const { path } of [...replayed.dropped].reverse()) {
    fs.remove(path)
    fs.syncDirectory(directory)
  }
}

/** Writes the bytes from `start` on again, unchanged, so a crash in the middle does no harm. */
function rewrite(fs: FileSystem, file: WritableFile, start: number): void {
  const reader = fs.openForRead(file.path)
  try {
    const piece = Buffer.allocUnsafe(Math.min(maxPieceBytes, Math.max(file.sizeBytes - start, 0)))
    for (let at = start; at < file.sizeBytes; at += piece.length) {
      const length = Math.min(piece.length, file.sizeBytes - at)
      const came = reader.read(piece, 0, length, at)
      if (came < length)
        throw corruption(file.path, at + came, 'the log became shorter while it was read')
      file.rewrite(piece.subarray(0, length), at)
    }
  } finally {
    reader.close()
  }
}
