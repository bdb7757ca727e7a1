import { copyBytes, emptyBytes } from '../base/bytes/bytes.js'
import type { EntryPage } from '../base/bytes/entry-page.js'
import { EntryCursor } from '../entry/entry-cursor.js'
import type { InternalIterator } from '../entry/internal-iterator.js'

/** Where a seek goes. */
const Goal = { first: 0, last: 1, atTarget: 2, beforeTarget: 3 } as const

/**
 * A placeholder for an iterator that can only be opened asynchronously. Its first seek is pending;
 * `load` opens the iterator and repeats the seek there. After that it passes every call on.
 *
 * Owned by: the iterator above it.
 */
export class OpeningIterator extends EntryCursor implements InternalIterator {
  private inner: InternalIterator | undefined
  private goal: number = Goal.first
  private target: Uint8Array = emptyBytes
  private isClosed = false

  /** `open` is called by `load`, at most once unless it rejects. */
  constructor(private readonly open: () => Promise<InternalIterator>) {
    super()
  }

  get page(): EntryPage | undefined {
    return this.inner?.page
  }

  seekToFirst(): void {
    this.go(Goal.first)
  }

  seekToLast(): void {
    this.go(Goal.last)
  }

  seek(target: Uint8Array): void {
    this.target = target
    this.go(Goal.atTarget)
  }

  seekBefore(target: Uint8Array): void {
    this.target = target
    this.go(Goal.beforeTarget)
  }

  next(): void {
    this.inner!.next()
    this.show(this.inner!)
  }

  prev(): void {
    this.inner!.prev()
    this.show(this.inner!)
  }

  async load(): Promise<void> {
    if (this.inner === undefined) {
      const opened = await this.open()
      if (this.isClosed) {
        opened.close()
        return
      }
      this.inner = opened
      this.seekIn(opened)
    }
    const { inner } = this
    while (inner.pending) {
      await inner.load()
      if (this.isClosed) return
    }
    this.show(inner)
  }

  close(): void {
    this.isClosed = true
    this.valid = false
    this.inner?.close()
  }

  private go(goal: number): void {
    this.goal = goal
    if (this.inner !== undefined) {
      this.seekIn(this.inner)
      this.show(this.inner)
      return
    }
    this.pending = true
    this.valid = false
    // The caller may change its bytes while this waits.
    this.target = copyBytes(this.target)
  }

  private seekIn(inner: InternalIterator): void {
    if (this.goal === Goal.first) inner.seekToFirst()
    else if (this.goal === Goal.last) inner.seekToLast()
    else if (this.goal === Goal.atTarget) inner.seek(this.target)
    else inner.seekBefore(this.target)
  }

  private show(inner: InternalIterator): void {
    this.valid = inner.valid
    this.pending = inner.pending
    if (inner.valid) this.showEntryOf(inner)
  }
}
