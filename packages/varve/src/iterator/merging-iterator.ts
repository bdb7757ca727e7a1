import { assert, checkInvariants } from '../base/assert.js'
import { compareRanges } from '../base/bytes/bytes.js'
import type { EntryPage } from '../base/bytes/entry-page.js'
import { EntryCursor } from '../entry/entry-cursor.js'
import type { InternalIterator } from '../entry/internal-iterator.js'

/**
 * Merges ordered iterators into one: user keys ascending, the versions of a key newest first.
 * Children hold disjoint (key, sequence) pairs, except for exact duplicates after a crash between a
 * flush and the deletion of its log. Duplicates are returned one after another.
 *
 * A tree has few runs (level-0 tables plus one per level). A step first compares the last winner
 * with the runner-up, so consecutive entries of one child cost one comparison each. When the winner
 * changes, the children are sorted, and from then on one that falls behind moves past those that
 * are now ahead of it. Two children that take turns, such as a run of deletes and the run of what
 * they delete, then cost two comparisons an entry, however many other children there are.
 *
 * Owned by: the reader. `close` closes the children.
 * Requires: a walk keeps its direction: `next` only after `seek` or `seekToFirst`, `prev` only
 * after `seekBefore` or `seekToLast`.
 * Invariants:
 * 1. When `valid`, `current` is the child with the smallest (forward) or largest (backward) entry,
 *    and every other valid child is after (forward) or before (backward) it.
 * 2. `pending` exactly when a child is pending.
 * 3. When `isOrdered`, `order` holds the valid children in the order of the walk, `current` first.
 */
export class MergingIterator extends EntryCursor implements InternalIterator {
  private current: InternalIterator | undefined
  private runnerUp: InternalIterator | undefined
  private backward = false
  private readonly order: InternalIterator[] = []
  private isOrdered = false

  constructor(private readonly children: readonly InternalIterator[]) {
    super()
  }

  get page(): EntryPage | undefined {
    return this.current?.page
  }

  seekToFirst(): void {
    for (const child of this.children) child.seekToFirst()
    this.chooseCurrent(false)
  }

  seekToLast(): void {
    for (const child of this.children) child.seekToLast()
    this.chooseCurrent(true)
  }

  seek(target: Uint8Array): void {
    for (const child of this.children) child.seek(target)
    this.chooseCurrent(false)
  }

  seekBefore(target: Uint8Array): void {
    for (const child of this.children) child.seekBefore(target)
    this.chooseCurrent(true)
  }

  next(): void {
    if (checkInvariants) assert(!this.backward, 'a walk does not change its direction')
    const current = this.current!
    current.next()
    this.afterStep(current)
  }

  prev(): void {
    if (checkInvariants) assert(this.backward, 'a walk does not change its direction')
    const current = this.current!
    current.prev()
    this.afterStep(current)
  }

  async load(): Promise<void> {
    const waiting = this.children.filter((child) => child.pending)
    await Promise.all(waiting.map((child) => child.load()))
    this.chooseCurrent(this.backward)
  }

  close(): void {
    for (const child of this.children) child.close()
  }

  private afterStep(current: InternalIterator): void {
    if (current.pending) {
      this.pending = true
      this.valid = false
      return
    }
    const rival = this.runnerUp
    if (current.valid && (rival === undefined || this.isAhead(current, rival))) {
      this.showEntryOf(current)
    } else {
      if (this.isOrdered) this.moveBack(current)
      else this.orderAll()
      this.follow(this.order[0], this.order[1])
    }
  }

  /** Requires: `isOrdered`, but `current` is at its end or no longer ahead of the next child. */
  private moveBack(current: InternalIterator): void {
    const { order } = this
    if (!current.valid) {
      order.shift()
      return
    }
    order[0] = order[1]
    let i = 2
    for (; i < order.length && !this.isAhead(current, order[i]); i++) order[i - 1] = order[i]
    order[i - 1] = current
  }

  private orderAll(): void {
    const { order, children } = this
    order.length = 0
    for (const child of children) {
      if (!child.valid) continue
      let low = 0
      let high = order.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (this.isAhead(child, order[middle])) high = middle
        else low = middle + 1
      }
      order.splice(low, 0, child)
    }
    this.isOrdered = true
  }

  private follow(first: InternalIterator | undefined, second: InternalIterator | undefined): void {
    this.current = first
    this.runnerUp = second
    this.valid = first !== undefined && !this.pending
    if (this.valid) this.showEntryOf(first!)
  }

  /** Finds winner and runner-up among all children. */
  private chooseCurrent(backward: boolean): void {
    this.backward = backward
    this.pending = false
    this.isOrdered = false
    let first: InternalIterator | undefined
    let second: InternalIterator | undefined
    const { children } = this
    for (let i = 0; i < children.length; i++) {
      const child = children[i]
      if (child.pending) this.pending = true
      if (!child.valid) continue
      if (first === undefined) first = child
      else if (this.isAhead(child, first)) {
        second = first
        first = child
      } else if (second === undefined || this.isAhead(child, second)) second = child
    }
    this.follow(first, second)
  }

  private isAhead(a: InternalIterator, b: InternalIterator): boolean {
    const byKey = compareRanges(a.keyBytes, a.keyStart, a.keyEnd, b.keyBytes, b.keyStart, b.keyEnd)
    if (byKey !== 0) return this.backward ? byKey > 0 : byKey < 0
    return this.backward ? a.sequence < b.sequence : a.sequence > b.sequence
  }
}
