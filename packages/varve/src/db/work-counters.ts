import type { ReplayResult } from '../wal/replay.js'

/** What flushes, compactions and recovery have done since open, for `stats()`. */
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

  recordReplay(replayed: ReplayResult): void {
    this.replayedRecords = replayed.records
    this.tornTails = replayed.tornTails
    this.droppedBytes = replayed.droppedBytes
  }
}
