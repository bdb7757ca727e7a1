import type { BatchReader } from '../../batch/batch-reader.js'
import { corruption } from '../../base/errors.js'
import type { FileSystem, WritableFile } from '../../fs/file-system.js'
import type { Tree } from '../../tree/tree.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import { defaultKeyspace } from '../../version/version-edit.js'
import { replayLogs, type ReplayedLog, type ReplayResult } from '../../wal/replay.js'

/** Bytes read and written at once when a log is rewritten. */
const maxChunkBytes = 1024 * 1024

/** Inserts the commits of the logs into the memtables. Changes no file. */
export function replayInto(
  fs: FileSystem,
  logs: readonly ReplayedLog[],
  apply: (group: BatchReader, logNumber: number) => void,
  firstNeeded: number,
  highestTable: number,
): ReplayResult {
  return replayLogs(fs, logs, apply, firstNeeded, highestTable)
}

/**
 * Inserts commit groups into the memtables. A log that another keyspace still needs may hold
 * operations that are already in tables, and operations of dropped keyspaces. `nextKeyspace`:
 * larger than the id of every keyspace that ever existed.
 */
export function applierTo(
  trees: TreeRegistry,
  nextKeyspace: number,
): (group: BatchReader, logNumber: number) => void {
  const flushed = trees.isSingle ? undefined : new Map<Tree, number>()
  return (group, logNumber) => {
    while (group.next()) {
      const tree = trees.get(group.keyspace)
      if (tree === undefined) {
        if (group.keyspace < nextKeyspace) continue
        group.problem = `an operation of keyspace ${group.keyspace}, which does not exist`
        return
      }
      if (flushed !== undefined && group.sequence <= flushedSequence(tree, flushed)) continue
      const payloadBytes = group.valueEnd - group.keyStart
      if (!tree.hasRoomFor(payloadBytes, 1)) makeRoom(trees, tree, payloadBytes)
      tree.apply(group, logNumber)
    }
  }
}

/**
 * The sequence of the newest entry in a table. Memtables are flushed in order, so everything up to
 * it was flushed.
 */
function flushedSequence(tree: Tree, known: Map<Tree, number>): number {
  let sequence = known.get(tree)
  if (sequence === undefined) {
    sequence = tree.maxTableSequence
    known.set(tree, sequence)
  }
  return sequence
}

function makeRoom(trees: TreeRegistry, tree: Tree, payloadBytes: number): void {
  if (tree.keyspace === defaultKeyspace || !tree.canGrowFor(payloadBytes, 1)) {
    trees.rotate(tree, payloadBytes, 1)
  }
  if (!tree.hasRoomFor(payloadBytes, 1)) tree.growFor(payloadBytes, 1)
  trees.noteWritten(tree)
}

/**
 * Makes the replayed state durable: truncates torn tails, removes dropped logs, and syncs the
 * replayed logs, because the next log builds on them. Their writer may have died before its sync,
 * or the sync may have failed. Then the page cache may hold bytes that it wrongly considers
 * written, so they are rewritten before the sync.
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
  // The last one first, so that a power failure never leaves a log without its predecessor.
  for (const { path } of [...replayed.dropped].reverse()) {
    fs.remove(path)
    fs.syncDirectory(directory)
  }
}

/** Rewrites the bytes from `start` on, unchanged, so a crash in the middle does no harm. */
function rewrite(fs: FileSystem, file: WritableFile, start: number): void {
  const reader = fs.openForRead(file.path)
  try {
    const chunk = Buffer.allocUnsafe(Math.min(maxChunkBytes, Math.max(file.sizeBytes - start, 0)))
    for (let at = start; at < file.sizeBytes; at += chunk.length) {
      const length = Math.min(chunk.length, file.sizeBytes - at)
      const readBytes = reader.read(chunk, 0, length, at)
      if (readBytes < length)
        throw corruption(
          file.path,
          at + readBytes,
          'the log became shorter while it was being read',
        )
      file.rewrite(chunk.subarray(0, length), at)
    }
  } finally {
    reader.close()
  }
}
