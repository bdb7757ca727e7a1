import { copyBytes } from '../base/bytes/bytes.js'
import { successor } from '../key/key-range.js'
import type { DeletedStretches } from './deleted-stretches.js'

/** Of the deleted keys in a row, an iterator reports every n-th. Power of two. */
export const keysPerReport = 32
/** Reports after which a run is recorded: a new one, and one that extends a known stretch. */
const leastReports = 8
const leastReportsBeyond = 1

/**
 * The deleted keys that an iterator passes in a row. It finds those that an earlier iterator has
 * passed, and records the others for later iterators.
 *
 * Owned by: the iterator. Reused for each of its runs.
 */
export class DeletedRun {
  /** The first key reported. The run reaches to `jumpedTo` or, if that is unset, to `last`. */
  private first: Uint8Array | undefined
  private readonly last = new KeyCopy()
  private jumpedTo: Uint8Array | undefined
  private reports = 0
  private hasJumped = false

  constructor(
    private readonly stretches: DeletedStretches,
    private readonly sequence: number,
    private readonly nowMs: number,
    private readonly reverse: boolean,
  ) {}

  /**
   * Reports a deleted key. Returns the key to continue at, or before if `reverse`; undefined:
   * continue at the next key.
   */
  pass(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const { stretches, reverse } = this
    this.first ??= copyBytes(bytes, start, end)
    const known = stretches.find(bytes, start, end, this.sequence, this.nowMs)
    if (known === undefined) {
      this.reports++
      this.jumpedTo = undefined
      this.last.take(bytes, start, end)
      return undefined
    }
    this.hasJumped = true
    this.jumpedTo = reverse ? known.start : known.end
    return this.jumpedTo
  }

  /** The iterator has reached a value or its end. */
  end(): void {
    const { first, last, jumpedTo, reports, hasJumped, sequence, nowMs } = this
    if (first !== undefined && reports >= (hasJumped ? leastReportsBeyond : leastReports)) {
      const [start, end] = this.reverse
        ? [jumpedTo ?? last.copy(), successor(first)]
        : [first, jumpedTo ?? successor(last.copy())]
      this.stretches.add({ start, end, sequence, nowMs })
    }
    this.first = undefined
    this.jumpedTo = undefined
    this.reports = 0
    this.hasJumped = false
  }
}

/** A copy of a key that is replaced often. Allocates only when the key does not fit. */
class KeyCopy {
  private bytes = Buffer.allocUnsafeSlow(64)
  private length = 0

  take(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(2 * length)
    for (let i = 0; i < length; i++) this.bytes[i] = bytes[start + i]
    this.length = length
  }

  copy(): Buffer {
    return copyBytes(this.bytes, 0, this.length)
  }
}
