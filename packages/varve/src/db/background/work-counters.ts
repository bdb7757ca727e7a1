import type { ReplayResult } from '../../wal/replay.js'

/** Bytes that a thread merges per second; assumed until there is enough data to measure it. */
const assumedMergeBytesPerSecond = 64 * 1024 * 1024
const leastMergeMs = 100

/** Counters of flushes, compactions and recovery since open, for `stats()`. */
export class WorkCounters {
  flushedBytes = 0
  compactedBytes = 0
  compactionReadBytes = 0
  flushes = 0
  flushMs = 0
  compactions = 0
  moves = 0
  drops = 0
  compactionMs = 0
  replayedRecords = 0
  tornTails = 0
  droppedBytes = 0

  /** Bytes that compactions have written per second. */
  get mergeBytesPerSecond(): number {
    const { compactedBytes, compactionMs } = this
    if (compactionMs < leastMergeMs || compactedBytes === 0) return assumedMergeBytesPerSecond
    return (1000 * compactedBytes) / compactionMs
  }

  recordReplay(replayed: ReplayResult): void {
    this.replayedRecords = replayed.records
    this.tornTails = replayed.tornTails
    this.droppedBytes = replayed.droppedBytes
  }
}
