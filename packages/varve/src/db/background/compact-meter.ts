import type { CompactionSpec } from '../../compaction/pickers/compaction-spec.js'
import { type KeyRange, rangesOverlap } from '../../key/key-range.js'
import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { CompactProgress } from '../api.js'

/**
 * Measures the progress of a manual compaction, in bytes of tables read.
 *
 * Owned by: one call of `compact`.
 */
export class CompactMeter {
  private level = 0
  /** Bytes that the finished steps read. */
  private endedBytes = 0
  private totalBytes = 0
  /** Input bytes of the running step. */
  private inputBytes = 0
  private inputEntries = 0

  constructor(
    private readonly range: KeyRange,
    private readonly onProgress: ((progress: CompactProgress) => void) | undefined,
  ) {}

  /** Starts the step that compacts `level`. */
  begin(level: number, version: Version, spec: CompactionSpec): void {
    const inputs = spec.inputs.flatMap(({ tables }) => tables)
    this.level = level
    this.inputBytes = totalBytes(inputs)
    this.inputEntries = inputs.reduce((sum, table) => sum + table.entryCount, 0)
    const left = Math.max(this.inputBytes, bytesLeft(version, this.range, level))
    this.totalBytes = this.endedBytes + left
    this.report(0)
  }

  /** Records that the step has read this number of entries. */
  moveTo(readEntries: number): void {
    this.report(this.inputBytes * Math.min(1, readEntries / Math.max(1, this.inputEntries)))
  }

  end(): void {
    this.endedBytes += this.inputBytes
    this.report(0)
  }

  private report(stepBytes: number): void {
    const readBytes = Math.round(this.endedBytes + stepBytes)
    this.onProgress?.({ level: this.level, readBytes, totalBytes: this.totalBytes })
  }
}

/** Bytes that a compaction of `level` and the levels below it reads, if it drops nothing. */
function bytesLeft(version: Version, range: KeyRange, fromLevel: number): number {
  let left = 0
  let carried = 0
  for (let level = fromLevel; level < version.deepestLevel(); level++) {
    carried += bytesIn(version, range, level)
    const met = bytesIn(version, range, level + 1)
    if (carried > 0 && met > 0) left += carried + met
  }
  return left
}

function bytesIn(version: Version, range: KeyRange, level: number): number {
  return totalBytes(version.levels[level].filter((table) => rangesOverlap(table.range, range)))
}
