import { emptyBytes } from '../../base/bytes.js'
import { closedError, invalidArgument } from '../../base/errors.js'
import type { VisibleIterator } from '../../iterator/visible-iterator.js'
import { isEmptyRange, type KeyRange, rangeContains } from '../../key/key-range.js'
import type { Projection } from '../api.js'
import { encodeKey } from './key-bounds.js'
import { type Project, projections } from './projection.js'
import type { OpenWalk, ReadCore } from './read-core.js'

export interface CursorPlan {
  readonly range: KeyRange
  readonly reverse: boolean
  readonly projection: Projection
}

/** Entries that a read collects before it looks whether other work waits for the thread. */
const entriesPerTurn = 1000

/** What the next step of a cursor is. */
const Step = {
  /** To the first entry of the walk. */
  start: 0,
  /** To `target`. */
  seek: 1,
  next: 2,
  /** None: the walk stands on an entry that was waited for and is not taken yet. */
  stay: 3,
  /** None: the walk has ended. */
  end: 4,
} as const

/**
 * A walk over a range in pieces of the caller's size, which can jump to a key: what adapters and
 * servers need that hand entries on. It sees the data as it was when it was made (or as its snapshot
 * sees it), wherever it jumps.
 *
 * Owned by: whoever made it. Lives: until `close`, which it must get, for it holds files until then.
 *
 * Invariant 1: one read at a time.
 * Invariant 2: the walk is not closed under a read that waits for a block.
 */
export class Cursor<K, T> implements OpenWalk, Disposable {
  private walk: VisibleIterator | undefined
  private step: number = Step.start
  private target: Uint8Array = emptyBytes
  private isReading = false
  /** What has been closed; the error is made when somebody gets it, for each costs microseconds. */
  private closed: string | undefined
  private readonly project: Project

  /** Made by `cursor` of a database or snapshot. */
  constructor(
    private readonly core: ReadCore,
    visibleSequence: number,
    private readonly plan: CursorPlan,
  ) {
    const { range, reverse, projection } = plan
    this.project = projections[projection]
    this.step = isEmptyRange(range) ? Step.end : Step.start
    if (this.step === Step.end) return
    const mayRead = core.coldReads.mayBlock()
    const nowMs = core.clock.wallMs()
    this.walk = core.current.tree.walk({ range, visibleSequence, nowMs, reverse, mayRead })
    core.counts.scans++
    core.walks.add(this)
  }

  /**
   * The next entries, at most `count`, and none behind the one with which keys and values exceed
   * `maxBytes` in their encoded form. An empty list is the end of the range. Settles at once when all
   * that it needs is in memory; a long read lets other work go on in between.
   *
   * @throws INVALID_ARGUMENT while another read is under way, CLOSED, CORRUPTION, IO (as rejections);
   * a read that fails with one of the last two closes the cursor
   */
  read(count: number, maxBytes = Infinity): Promise<T[]> {
    try {
      this.assertIdle()
      const chunk: T[] = []
      const bytesLeft = this.collect(chunk, Math.min(count, entriesPerTurn), maxBytes)
      if (this.goesOn(chunk, count, bytesLeft)) return this.readOn(chunk, count, bytesLeft)
      const { turns } = this.core
      return turns.isDue(chunk.length + 1) ? turns.later(chunk) : Promise.resolve(chunk)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * The next read begins at the first key ≥ `key`; in reverse, at the last key ≤ `key`. A key outside
   * of the range ends the walk, until the next `seek`. Nothing is read before the next `read`.
   *
   * @throws INVALID_ARGUMENT for a bad key or while a read is under way, CLOSED
   */
  seek(key: K): void {
    this.assertIdle()
    this.target = encodeKey(key, this.core.keyEncoding)
    const isInside = this.walk !== undefined && rangeContains(this.plan.range, this.target)
    this.step = isInside ? Step.seek : Step.end
  }

  /** Lets go of what it holds; a read under way fails with CLOSED. Closing twice does nothing. */
  close(): void {
    this.end('this cursor')
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** The database closes. */
  cut(): void {
    this.end('the database of this cursor')
  }

  private assertIdle(): void {
    this.assertNotClosed()
    if (this.isReading) throw invalidArgument('the cursor is busy: await its read before the next')
  }

  private assertNotClosed(): void {
    if (this.closed !== undefined) throw closedError(this.closed)
  }

  /** Until `count`, or a block that is not in memory; tells what is left of `maxBytes`. */
  private collect(chunk: T[], count: number, maxBytes: number): number {
    let bytesLeft = maxBytes
    const lengthBefore = chunk.length
    try {
      while (chunk.length < count && bytesLeft >= 0 && this.advance()) {
        const walk = this.walk!
        bytesLeft -= walk.keyEnd - walk.keyStart + (walk.valueEnd - walk.valueStart)
        chunk.push(this.project(this.core, walk) as T)
      }
    } catch (error) {
      this.close()
      throw error
    }
    this.core.counts.scannedEntries += chunk.length - lengthBefore
    return bytesLeft
  }

  /** To the next entry; false at the end, and when the walk waits for a block. */
  private advance(): boolean {
    const { step } = this
    if (step === Step.end) return false
    const walk = this.walk!
    if (step === Step.next) walk.next()
    else if (step === Step.start) walk.start()
    else if (step === Step.seek) walk.seek(this.target)
    this.step = walk.valid || walk.pending ? Step.next : Step.end
    return walk.valid
  }

  private goesOn(chunk: T[], count: number, bytesLeft: number): boolean {
    return this.step !== Step.end && bytesLeft >= 0 && chunk.length < count
  }

  private readOn(chunk: T[], count: number, bytesLeft: number): Promise<T[]> {
    const { loads } = this.core
    this.isReading = true
    const reading = this.collectRest(chunk, count, bytesLeft)
    const forget = (): void => void loads.delete(reading)
    loads.add(reading)
    reading.then(forget, forget)
    return reading
  }

  private async collectRest(chunk: T[], count: number, maxBytes: number): Promise<T[]> {
    const { turns } = this.core
    let bytesLeft = maxBytes
    try {
      while (this.goesOn(chunk, count, bytesLeft)) {
        if (this.walk!.pending) await this.load()
        else if (turns.isDue(entriesPerTurn)) await turns.later(undefined)
        this.assertNotClosed()
        bytesLeft = this.collect(chunk, Math.min(count, chunk.length + entriesPerTurn), bytesLeft)
      }
      return chunk
    } finally {
      this.isReading = false
      if (this.closed !== undefined) this.release()
    }
  }

  private async load(): Promise<void> {
    const walk = this.walk!
    try {
      while (walk.pending) await walk.load()
    } catch (error) {
      this.close()
      throw error
    }
    this.step = walk.valid ? Step.stay : Step.end
  }

  private end(what: string): void {
    this.closed ??= what
    if (!this.isReading) this.release()
  }

  private release(): void {
    const { walk } = this
    this.walk = undefined
    this.core.walks.delete(this)
    walk?.close()
  }
}
