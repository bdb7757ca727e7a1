import { inspect, type InspectOptions } from 'node:util'
import { closedError } from '../../base/errors.js'
import { asyncOnlyError } from '../../store/table-store.js'
import { isEmptyRange, type KeyRange } from '../../key/key-range.js'
import type { EntryWalk } from '../../iterator/entry-walk.js'
import type { Projection } from '../api.js'
import { inspected, inspectedRange } from './inspection.js'
import { type Project, projectionError, projections } from './projection.js'
import type { OpenWalk, ReadCore } from './read-core.js'

interface RangePlan {
  readonly range: KeyRange
  readonly reverse: boolean
  readonly limit: number
  readonly projection: Projection
}

/**
 * A range of the database. It can be iterated any number of times: with `for`, which is
 * synchronous, or with `for await`, which does not block while it loads blocks. Each iteration sees
 * the state at its start, or that of the snapshot. It keeps files open until it ends: at the last
 * entry, or with `break` or `return`.
 */
export class EntryRange<T> implements Iterable<T>, AsyncIterable<T> {
  constructor(
    private readonly core: ReadCore,
    private readonly visibleSequence: () => number,
    private readonly plan: RangePlan,
  ) {}

  /** Starts an iteration that blocks the thread while it reads files. */
  [Symbol.iterator](): IterableIterator<T> {
    return new SyncWalk<T>(this.core, this.visibleSequence(), this.plan)
  }

  /** Starts an iteration that follows `coldReads`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new AsyncWalk<T>(this.core, this.visibleSequence(), this.plan)
  }

  /** The text that `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { range, ...plan } = this.plan
    return inspected('EntryRange', { ...plan, ...inspectedRange(range) }, depth, options)
  }
}

/** An iteration in progress. The database closes it if it closes first. */
abstract class Walk<T> implements OpenWalk {
  protected walk: EntryWalk | undefined
  private readonly projection: Projection
  private readonly project: Project
  private isStarted = false
  /** Entries left until the limit; negative from the start without a limit. */
  private left: number
  private leftAtStart = 0
  private isCut = false

  constructor(
    protected readonly core: ReadCore,
    visibleSequence: number,
    { range, reverse, limit, projection }: RangePlan,
    mayRead: boolean,
  ) {
    core.assertOpen()
    this.projection = projection
    this.project = projections[projection]
    this.left = limit === Infinity ? -1 : limit
    if (limit === 0 || isEmptyRange(range)) return
    const nowMs = core.clock.wallMs()
    this.walk = core.current.tree.walk({ range, visibleSequence, nowMs, reverse, mayRead })
    this.leftAtStart = this.left
    core.counts.scans++
    core.walks.add(this)
  }

  abort(): void {
    this.isCut = true
    this.end()
  }

  /** The text that `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const fields = { projection: this.projection, isOpen: this.walk !== undefined }
    return inspected('EntryIterator', fields, depth, options)
  }

  /** The result of `next` after the end, or after the database has closed. */
  protected afterEnd(): IteratorResult<T, undefined> {
    if (this.isCut) throw closedError('the database of this iterator')
    return { done: true, value: undefined }
  }

  /** Takes one step. May set `walk.pending`. */
  protected step(walk: EntryWalk): void {
    if (this.isStarted) {
      walk.next()
    } else {
      this.isStarted = true
      walk.start()
    }
  }

  protected take(walk: EntryWalk): IteratorResult<T, undefined> {
    if (!walk.valid) {
      this.end()
      return { done: true, value: undefined }
    }
    const value = this.decode(walk)
    if (--this.left === 0) this.end()
    return { done: false, value }
  }

  private decode(walk: EntryWalk): T {
    try {
      return this.project(this.core, walk) as T
    } catch (error) {
      throw projectionError(error, this.core, walk, this.projection)
    }
  }

  protected end(): void {
    const { walk } = this
    if (walk === undefined) return
    this.walk = undefined
    this.core.counts.scannedEntries += this.leftAtStart - this.left
    this.core.walks.delete(this)
    walk.close()
  }
}

class SyncWalk<T> extends Walk<T> implements IterableIterator<T> {
  constructor(core: ReadCore, visibleSequence: number, plan: RangePlan) {
    super(core, visibleSequence, plan, true)
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<T, undefined> {
    const { walk } = this
    if (walk === undefined) return this.afterEnd()
    try {
      this.step(walk)
      if (walk.pending) throw asyncOnlyError('a table of this range', 'use for await')
      return this.take(walk)
    } catch (error) {
      this.end()
      throw error
    }
  }

  return(): IteratorResult<T, undefined> {
    this.end()
    return { done: true, value: undefined }
  }
}

class AsyncWalk<T> extends Walk<T> implements AsyncIterableIterator<T> {
  /** The step that is waiting for a block. Later calls wait for it. */
  private waiting: Promise<void> | undefined

  constructor(core: ReadCore, visibleSequence: number, plan: RangePlan) {
    super(core, visibleSequence, plan, core.coldReads.mayBlock())
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const { waiting } = this
    const step = waiting === undefined ? this.advance() : waiting.then(() => this.advance())
    if (waiting !== undefined || this.walk?.pending === true) this.waitFor(step)
    return step
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.waiting
    this.end()
    return { done: true, value: undefined }
  }

  /** Waits if a block is being loaded: the iterator must not be closed meanwhile. */
  override abort(): void {
    if (this.waiting === undefined) super.abort()
    else void this.waiting.then(() => super.abort())
  }

  private advance(): Promise<IteratorResult<T, undefined>> {
    try {
      const { walk } = this
      if (walk === undefined) return Promise.resolve(this.afterEnd())
      this.step(walk)
      if (walk.pending) return this.takeLoaded(walk)
      const result = this.take(walk)
      const { turns } = this.core
      return turns.isDue() ? turns.later(result) : Promise.resolve(result)
    } catch (error) {
      this.end()
      return Promise.reject(error)
    }
  }

  private async takeLoaded(walk: EntryWalk): Promise<IteratorResult<T, undefined>> {
    try {
      while (walk.pending) await walk.load()
      return this.take(walk)
    } catch (error) {
      this.end()
      throw error
    }
  }

  /** Makes later steps, and the close of the database, wait for this one. Never rejects. */
  private waitFor(step: Promise<unknown>): void {
    const { loads } = this.core
    const done = (): void => {
      loads.delete(waiting)
      if (this.waiting === waiting) this.waiting = undefined
    }
    const waiting = step.then(done, done)
    this.waiting = waiting
    loads.add(waiting)
  }
}
