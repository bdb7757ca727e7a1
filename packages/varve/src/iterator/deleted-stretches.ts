import { compareBytes, compareRanges, copyBytes } from '../base/bytes/bytes.js'
import { firstEndingAfter, successor } from '../key/key-range.js'
import { ValueKind } from '../key/value-kind.js'

/** No key from `start` up to, but excluding, `end` has a value. */
interface DeletedStretch {
  readonly start: Uint8Array
  readonly end: Uint8Array
  /** Holds for readers at this sequence and above, and at this time and later. */
  readonly sequence: number
  readonly nowMs: number
}

interface KnownStretch extends DeletedStretch {
  /** How many more puts may split it. */
  cutsLeft: number
  lastUse: number
}

const maxStretches = 16
const maxBoundBytes = 1024
/** Splitting costs a put about 1 µs; finding a stretch again costs at least 20 µs. */
const maxCuts = 64

/**
 * Stretches of keys in which iterators found only deleted or expired entries. The next iterator can
 * jump over them, for example at the head of a queue.
 *
 *     iterator at 9   a(del) b(del) c(del) d#4     no value in [a, d) from sequence 9 on
 *     put b#10                                     no value in [a, b) and in [b+, d)
 *
 * Owned by: a Tree, which reports every write. Lives: as long as the Tree.
 *
 * Invariant 1: the stretches are disjoint and sorted.
 * Invariant 2: no put into a stretch has a higher sequence than the stretch.
 */
export class DeletedStretches {
  private readonly known: KnownStretch[] = []
  private newestPut = 0
  private uses = 0

  get count(): number {
    return this.known.length
  }

  /** Records a write. Requires: this is called for every point write, before a reader sees it. */
  written(sequence: number, kind: number, bytes: Uint8Array, start: number, end: number): void {
    if (kind === ValueKind.delete) return
    this.newestPut = sequence
    if (this.known.length > 0) this.cut(bytes, start, end)
  }

  /** The stretch that contains a key, if it is valid for a reader at that sequence and time. */
  find(
    bytes: Uint8Array,
    start: number,
    end: number,
    visibleSequence: number,
    nowMs: number,
  ): DeletedStretch | undefined {
    const index = firstEndingAfter(this.known, bytes, start, end)
    if (index === this.known.length) return undefined
    const stretch = this.known[index]
    const low = stretch.start
    if (compareRanges(low, 0, low.length, bytes, start, end) > 0) return undefined
    if (stretch.sequence > visibleSequence || stretch.nowMs > nowMs) return undefined
    stretch.lastUse = ++this.uses
    return stretch
  }

  /** Adds what an iterator has found, joined with the stretches that it overlaps or touches. */
  add(found: DeletedStretch): void {
    // A later put may be inside the stretch, at a place that the iterator had already passed.
    if (this.newestPut > found.sequence) return
    let { start, end, sequence, nowMs } = found
    if (start.length > maxBoundBytes || end.length > maxBoundBytes) return
    const from = this.known.findIndex((stretch) => compareBytes(stretch.end, start) >= 0)
    const first = from < 0 ? this.known.length : from
    let next = first
    for (; next < this.known.length; next++) {
      const met = this.known[next]
      if (compareBytes(met.start, end) > 0) break
      if (compareBytes(met.start, start) < 0) start = met.start
      if (compareBytes(met.end, end) > 0) end = met.end
      sequence = Math.max(sequence, met.sequence)
      nowMs = Math.max(nowMs, met.nowMs)
    }
    const joined = { start, end, sequence, nowMs, cutsLeft: maxCuts, lastUse: ++this.uses }
    this.known.splice(first, next - first, joined)
    this.limit()
  }

  private cut(bytes: Uint8Array, start: number, end: number): void {
    const index = firstEndingAfter(this.known, bytes, start, end)
    if (index === this.known.length) return
    const stretch = this.known[index]
    const low = compareRanges(stretch.start, 0, stretch.start.length, bytes, start, end)
    if (low > 0) return
    const cutsLeft = stretch.cutsLeft - 1
    const pieces: KnownStretch[] = []
    if (cutsLeft > 0) {
      const key = copyBytes(bytes, start, end)
      const afterKey = successor(key)
      if (low < 0) pieces.push({ ...stretch, end: key, cutsLeft })
      if (compareBytes(afterKey, stretch.end) < 0) {
        pieces.push({ ...stretch, start: afterKey, cutsLeft })
      }
    }
    this.known.splice(index, 1, ...pieces)
    this.limit()
  }

  /** Drops the least recently used stretch if there are too many. */
  private limit(): void {
    const { known } = this
    if (known.length <= maxStretches) return
    let oldest = 0
    for (let i = 1; i < known.length; i++) {
      if (known[i].lastUse < known[oldest].lastUse) oldest = i
    }
    known.splice(oldest, 1)
  }
}
