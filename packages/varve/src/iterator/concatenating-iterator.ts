import { compareBytes, emptyBytes } from '../base/bytes.js'
import type { InternalIterator } from '../key/internal-iterator.js'
import type { KeyRange } from '../key/key-range.js'

/**
 * Walks one sorted run: tables with disjoint, ascending ranges, of which one at a time is open.
 *
 * Owned by: the merging iterator above it. Like that one, a walk keeps its direction.
 */
export class ConcatenatingIterator<
  T extends { readonly range: KeyRange },
> implements InternalIterator {
  valid = false
  pending = false
  keyBytes: Uint8Array = emptyBytes
  keyStart = 0
  keyEnd = 0
  sequence = 0
  kind = 0
  valueBytes: Uint8Array = emptyBytes
  valueStart = 0
  valueEnd = 0

  private index = 0
  private child: InternalIterator | undefined
  private backward = false

  constructor(
    private readonly tables: readonly T[],
    private readonly open: (table: T) => InternalIterator,
  ) {}

  seekToFirst(): void {
    this.backward = false
    this.enter(0)?.seekToFirst()
    this.settle()
  }

  seekToLast(): void {
    this.backward = true
    this.enter(this.tables.length - 1)?.seekToLast()
    this.settle()
  }

  seek(target: Uint8Array): void {
    this.backward = false
    this.enter(this.firstEndingBehind(target))?.seek(target)
    this.settle()
  }

  seekBefore(target: Uint8Array): void {
    this.backward = true
    this.enter(this.lastStartingBefore(target))?.seekBefore(target)
    this.settle()
  }

  next(): void {
    this.child!.next()
    if (this.child!.valid) this.copyFromChild()
    else this.settle()
  }

  prev(): void {
    this.child!.prev()
    if (this.child!.valid) this.copyFromChild()
    else this.settle()
  }

  async load(): Promise<void> {
    await this.child!.load()
    this.settle()
  }

  close(): void {
    this.child?.close()
    this.child = undefined
    this.valid = false
  }

  /** Goes on to neighbouring tables until one has an entry or must wait for a block. */
  private settle(): void {
    while (this.child !== undefined && !this.child.valid && !this.child.pending) {
      this.enter(this.index + (this.backward ? -1 : 1))
      if (this.backward) this.child?.seekToLast()
      else this.child?.seekToFirst()
    }
    this.pending = this.child?.pending ?? false
    this.valid = this.child?.valid ?? false
    if (this.valid) this.copyFromChild()
  }

  private enter(index: number): InternalIterator | undefined {
    this.child?.close()
    this.child = undefined
    this.index = index
    const table = this.tables[index]
    this.child = table === undefined ? undefined : this.open(table)
    return this.child
  }

  private firstEndingBehind(key: Uint8Array): number {
    let low = 0
    let high = this.tables.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { end } = this.tables[middle].range
      if (end !== null && compareBytes(end, key) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private lastStartingBefore(key: Uint8Array): number {
    let low = 0
    let high = this.tables.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.tables[middle].range.start, key) < 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  private copyFromChild(): void {
    const child = this.child!
    this.keyBytes = child.keyBytes
    this.keyStart = child.keyStart
    this.keyEnd = child.keyEnd
    this.sequence = child.sequence
    this.kind = child.kind
    this.valueBytes = child.valueBytes
    this.valueStart = child.valueStart
    this.valueEnd = child.valueEnd
  }
}
