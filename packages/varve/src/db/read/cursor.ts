import { inspect, type InspectOptions } from 'node:util'
import { emptyBytes } from '../../base/bytes/bytes.js'
import { closedError, invalidArgument } from '../../base/errors.js'
import { describe } from '../../batch/encoding.js'
import type { EntryWalk } from '../../iterator/entry-walk.js'
import { isEmptyRange, type KeyRange, rangeContains } from '../../key/key-range.js'
import type { Projection } from '../api.js'
import { inspected, inspectedRange } from './inspection.js'
import { encodeKey } from './key-bounds.js'
import { type Project, projectionError, projections } from './projection.js'
import type { OpenWalk, ReadCore } from './read-core.js'

interface CursorPlan {
  readonly range: KeyRange
  readonly reverse: boolean
  readonly projection: Projection
}

/** A read checks whether to yield to the event loop after this many entries. */
const entriesPerTurn = 1000

/** The next step of a cursor. */
const Step = {
  /** Move to the first entry of the range. */
  start: 0,
  /** Move to `target`. */
  seek: 1,
  next: 2,
  /** No move: the iterator is at an entry that was loaded but not returned yet. */
  stay: 3,
  /** No move: the range has ended. */
  end: 4,
} as const

/**
 * An iterator for adapters and servers: it returns entries in batches of any size and can seek to a
 * key. It always sees the state at its creation, or that of its snapshot.
 *
 * Owned by: its creator. Lives: until `close`. Keeps files open until then.
 *
 * Invariant 1: one read at a time.
 * Invariant 2: the iterator is not closed while a read waits for a block.
 */
export class Cursor<K, T> implements OpenWalk, Disposable {
  private walk: EntryWalk | undefined
  private step: number = Step.start
  private target: Uint8Array = emptyBytes
  private isReading = false
  /**
   * Names the closed object. The error is created only when it is needed, because that takes
   * microseconds.
   */
  private closed: string | undefined
  private readonly project: Project

  /** Created by `cursor` of a database or snapshot. */
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
   * Returns the next entries, at most `count`. Stops after the entry that takes the encoded keys
   * and values past `maxBytes`. An empty list means the end of the range, unless `count` is 0.
   * Resolves immediately if everything is in memory; a long read yields to the event loop.
   *
   * @throws INVALID_ARGUMENT for a bad bound or while another read is running, CLOSED, CORRUPTION,
   * IO (as rejections); CORRUPTION and IO close the cursor
   */
  read(count: number, maxBytes = Infinity): Promise<T[]> {
    try {
      this.assertIdle()
      checkRead(count, maxBytes)
      const chunk: T[] = []
      const bytesLeft = this.collect(chunk, Math.min(count, entriesPerTurn), maxBytes)
      if (this.needsMore(chunk, count, bytesLeft)) return this.readOn(chunk, count, bytesLeft)
      const { turns } = this.core
      return turns.isDue(chunk.length + 1) ? turns.later(chunk) : Promise.resolve(chunk)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * The next read starts at the first key ≥ `key`; in reverse, at the last key ≤ `key`. A key
   * outside the range ends the iteration until the next `seek`. Reads nothing itself.
   *
   * @throws INVALID_ARGUMENT for a bad key or while a read is running, CLOSED
   */
  seek(key: K): void {
    this.assertIdle()
    this.target = encodeKey(key, this.core.keyEncoding)
    const isInside = this.walk !== undefined && rangeContains(this.plan.range, this.target)
    this.step = isInside ? Step.seek : Step.end
  }

  /** Releases files and memory. A running read fails with CLOSED. Calling it again does nothing. */
  close(): void {
    this.end('this cursor')
  }

  /** Like `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Called when the database closes. */
  abort(): void {
    this.end('the database of this cursor')
  }

  /** The text that `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { range, ...plan } = this.plan
    const fields = { ...plan, ...inspectedRange(range), isOpen: this.closed === undefined }
    return inspected('Cursor', fields, depth, options)
  }

  private assertIdle(): void {
    this.assertNotClosed()
    if (this.isReading) throw invalidArgument('the cursor is busy: await its read before the next')
  }

  private assertNotClosed(): void {
    if (this.closed !== undefined) throw closedError(this.closed)
  }

  /**
   * Collects entries until `count`, or until a block is not in memory. Returns what is left of
   * `maxBytes`.
   */
  private collect(chunk: T[], count: number, maxBytes: number): number {
    let bytesLeft = maxBytes
    const lengthBefore = chunk.length
    try {
      while (chunk.length < count && bytesLeft >= 0 && this.advance()) {
        const walk = this.walk!
        bytesLeft -= walk.keyEnd - walk.keyStart + (walk.valueEnd - walk.valueStart)
        chunk.push(this.decode(walk))
      }
    } catch (error) {
      this.close()
      throw error
    }
    this.core.counts.scannedEntries += chunk.length - lengthBefore
    return bytesLeft
  }

  private decode(walk: EntryWalk): T {
    try {
      return this.project(this.core, walk) as T
    } catch (error) {
      throw projectionError(error, this.core, walk, this.plan.projection)
    }
  }

  /** Moves to the next entry. Returns false at the end, or if a block must be loaded. */
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

  private needsMore(chunk: T[], count: number, bytesLeft: number): boolean {
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
      while (this.needsMore(chunk, count, bytesLeft)) {
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

/**
 * Checks the bounds of a read. With a wrong one, a read would return nothing, which looks like the
 * end.
 */
function checkRead(count: unknown, maxBytes: unknown): void {
  if (!isCount(count)) {
    const message = `'count' must be a whole number from 0, or Infinity, not ${describe(count)}`
    throw invalidArgument(message, 'count')
  }
  if (typeof maxBytes === 'number' && maxBytes >= 0) return
  throw invalidArgument(`'maxBytes' must be a number from 0, not ${describe(maxBytes)}`, 'maxBytes')
}

function isCount(count: unknown): boolean {
  return count === Infinity || (Number.isInteger(count) && (count as number) >= 0)
}
