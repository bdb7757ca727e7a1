import type { Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'

/**
 * How whoever asked for a job follows it: hears how far it is, and may give it up. May watch several
 * jobs, one after another.
 */
export class JobWatch {
  /** One cell, shared with the thread of the job; not zero: give up. */
  readonly abortCell = new Int32Array(new SharedArrayBuffer(4))

  private parts: readonly JobWatch[] = []

  /** `onProgress`: entries that a job has read so far; told now and then. */
  constructor(readonly onProgress?: (readEntries: number) => void) {}

  get isAborted(): boolean {
    return Atomics.load(this.abortCell, 0) !== 0
  }

  /** The job fails with ABORTED as soon as it notices, and leaves nothing. */
  abort(): void {
    Atomics.store(this.abortCell, 0, 1)
    for (const part of this.parts) part.abort()
  }

  /** For the parts of one job: what they have read adds up, and they are given up with it. */
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

/** Counts what a job has read, and tells it no more often than every 50 ms. Owned by: one job. */
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

export function givenUpError(): VarveError {
  return new VarveError('ABORTED', 'the job was given up')
}
