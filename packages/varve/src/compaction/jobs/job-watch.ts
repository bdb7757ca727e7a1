import type { Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'

/**
 * The caller's handle for its job: reports progress and can abort the job. Can be reused for
 * several jobs in turn.
 */
export class JobWatch {
  /** One cell, shared with the job's thread. Nonzero means abort. */
  readonly abortCell = new Int32Array(new SharedArrayBuffer(4))

  private parts: readonly JobWatch[] = []

  /**
   * `onProgress` is called at intervals with the number of entries that the job has read so far.
   */
  constructor(readonly onProgress?: (readEntries: number) => void) {}

  get isAborted(): boolean {
    return Atomics.load(this.abortCell, 0) !== 0
  }

  /** Makes the job fail with ABORTED at its next checkpoint. The job leaves no files. */
  abort(): void {
    Atomics.store(this.abortCell, 0, 1)
    for (const part of this.parts) part.abort()
  }

  /**
   * Returns one watch for each part of a job. Their progress is added up, and `abort` aborts all
   * parts.
   */
  split(count: number): readonly JobWatch[] {
    const read = new Array<number>(count).fill(0)
    const { onProgress } = this
    this.parts = read.map((_, part) => {
      if (onProgress === undefined) return new JobWatch()
      return new JobWatch((readEntries) => {
        read[part] = readEntries
        onProgress(read.reduce((sum, entries) => sum + entries, 0))
      })
    })
    if (this.isAborted) this.abort()
    return this.parts
  }
}

const progressIntervalMs = 50

/** Counts the entries that a job has read and reports at most every 50 ms. Owned by: one job. */
export class ProgressMeter {
  private readEntries = 0
  private toldAtMs: number

  constructor(
    private readonly clock: Clock,
    private readonly tell: (readEntries: number) => void,
  ) {
    this.toldAtMs = clock.monotonicMs()
  }

  add(entries: number): void {
    this.readEntries += entries
    const nowMs = this.clock.monotonicMs()
    if (nowMs - this.toldAtMs < progressIntervalMs) return
    this.toldAtMs = nowMs
    this.tell(this.readEntries)
  }
}

export function abortedError(): VarveError {
  return new VarveError('ABORTED', 'the job was aborted')
}
