import { asBuffer, emptyBytes } from '../../base/bytes/bytes.js'
import type { EntryWalk } from '../../iterator/entry-walk.js'
import type { KeyRange } from '../../key/key-range.js'
import type { ReadRange, ReadSet } from './read-set.js'
import type { KeyInterval } from '../write/key-intervals.js'

/**
 * The part of a range that an iterator of a transaction has read from its snapshot: from its start
 * to the entry that it has reached. A search for the first entry then does not conflict with writes
 * to the rest of the range.
 *
 * Owned by: an OverlaidWalk. Lives: as long as the transaction.
 */
export class WalkedRange {
  private current: Segment | undefined

  constructor(
    private readonly reads: ReadSet,
    private readonly keyspace: number,
    private readonly base: EntryWalk,
    private readonly range: KeyRange,
    private readonly reverse: boolean,
  ) {}

  /** Begins a new part at `from`: its first key or, in reverse, its end. */
  begin(from: Uint8Array | null): void {
    this.freeze()
    const { keyspace, base, range, reverse } = this
    this.current = new Segment(keyspace, base, range, reverse, from)
    this.reads.addRange(this.current)
  }

  /** Called before the iterator leaves its position. */
  freeze(): void {
    this.current?.freeze()
    this.current = undefined
  }
}

class Segment implements ReadRange {
  private frozen: KeyInterval | undefined

  constructor(
    readonly keyspace: number,
    private base: EntryWalk | undefined,
    private readonly range: KeyRange,
    private readonly reverse: boolean,
    private readonly from: Uint8Array | null,
  ) {}

  bounds(): KeyInterval {
    return this.frozen ?? this.current()
  }

  freeze(): void {
    this.frozen ??= this.current()
    this.base = undefined
  }

  private current(): KeyInterval {
    const { range, reverse, from } = this
    const reached = this.reached()
    if (!reverse) {
      const end = reached === undefined ? textOf(range.end) : `${reached}\0`
      return { start: textOf(from ?? emptyBytes)!, end }
    }
    return { start: reached ?? textOf(range.start)!, end: textOf(from) }
  }

  /**
   * The current key of the base; undefined if it has, or may have, read to the end of the range.
   */
  private reached(): string | undefined {
    const { base } = this
    if (base === undefined || !base.valid) return undefined
    return asBuffer(base.keyBytes).toString('latin1', base.keyStart, base.keyEnd)
  }
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : asBuffer(bytes).toString('latin1')
}
