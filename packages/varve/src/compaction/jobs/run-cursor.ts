import { compareViews } from '../../base/bytes.js'
import type { VarveError } from '../../base/errors.js'
import type { Memory } from '../../base/memory.js'
import type { KeyRange } from '../../key/key-range.js'
import { MemoryEntry } from '../../entry/memory-entry.js'
import type { Block } from '../../sstable/block/block.js'
import { EntryPlace } from '../../sstable/block/entry-place.js'
import type { ReadAhead } from '../../sstable/read-ahead.js'
import type { TableReader } from '../../sstable/table-reader.js'
import type { TableMetadata } from '../../version/table-metadata.js'

/** How the cursors of a merge read. */
export interface RunReading {
  readonly open: (table: TableMetadata) => TableReader
  /** Into which pieces of files are read; each cursor has a stretch of its own. */
  readonly memory: Memory
  /** Length of a prefix that all keys share. */
  readonly prefixLength: number
  /** Entries outside are passed over. */
  readonly range: KeyRange
}

/**
 * Walks over one sorted run from its first entry in a range to its last one there, past the cache, in
 * large pieces: tables with disjoint, ascending ranges, of which one at a time is open.
 *
 * Of the key it stands on it keeps the eight bytes behind the shared prefix as two numbers, its head,
 * so that most comparisons touch no bytes:
 *
 *     00000000 0123 4567      prefix "00000000", head "0123" "4567"
 *     user:    42             prefix "user:", head "42\0\0" "\0\0\0\0"
 *
 * Owned by: a MergeInput, which also says whether the key is new, and closes it.
 * Invariant: heads are never out of order, and equal for some keys that differ.
 */
export class RunCursor extends MemoryEntry {
  /** Each four bytes as a signed number that orders as they do. */
  headHigh = 0
  headLow = 0
  /** Where what lies behind the head begins. */
  tailStart = 0

  private readonly place = new EntryPlace()
  private tableIndex = -1
  private reader: TableReader | undefined
  private readAhead: ReadAhead | undefined
  private blockIndex = 0
  private firstBlock = 0
  private blocksEnd = 0
  private block: Block | undefined
  private entriesEnd = 0
  private entriesLeft = 0

  /** Reads into `pieceBytes` of the memory, from `pieceStart` on. */
  constructor(
    private readonly tables: readonly TableMetadata[],
    private readonly reading: RunReading,
    private readonly pieceStart: number,
    private readonly pieceBytes: number,
  ) {
    super(reading.memory)
  }

  /** Whether the next step leaves the memory of this entry to others. */
  get isAtBlockEnd(): boolean {
    return this.valueEnd === this.entriesEnd
  }

  /** Goes to the first entry, then to the next one each time; false: there is none. */
  advance(): boolean {
    if (this.isAtBlockEnd && !this.enterNextBlock()) return false
    this.show(this.valueEnd)
    return true
  }

  /** Whether it stands on the entry that comes first: a lower key, or a newer version of the same. */
  isAheadOf(other: RunCursor): boolean {
    if (this.headHigh !== other.headHigh) return this.headHigh < other.headHigh
    if (this.headLow !== other.headLow) return this.headLow < other.headLow
    const { memory, tailStart, keyEnd } = other
    const order = this.compareTail(memory.view, tailStart, keyEnd, keyEnd - other.keyStart)
    return order === 0 ? this.sequence > other.sequence : order < 0
  }

  /**
   * Compares the key with one of an equal head, whose length is `keyLength` and whose tail lies in
   * `view[tailStart, tailEnd)`. Of keys that end within the head the tail is empty, and the shorter one
   * comes first, for the other has zeros there.
   */
  compareTail(view: DataView, tailStart: number, tailEnd: number, keyLength: number): number {
    const own = this.memory.view
    const order = compareViews(own, this.tailStart, this.keyEnd, view, tailStart, tailEnd)
    return order === 0 ? this.keyEnd - this.keyStart - keyLength : order
  }

  /** The file is damaged where the entry lies. */
  damaged(what: string): VarveError {
    return this.block!.damaged(what)
  }

  close(): void {
    this.reader?.close()
    this.reader = undefined
  }

  private show(at: number): void {
    const { place, memory } = this
    const block = this.block!
    block.read(at, place)
    this.entriesLeft--
    const { keyStart, keyEnd } = place
    this.keyStart = keyStart
    this.keyEnd = keyEnd
    this.valueEnd = place.valueEnd
    this.kind = place.kind
    this.sequence = block.baseSequence + place.sequenceDelta
    const headStart = keyStart + this.reading.prefixLength
    if (headStart + 8 <= keyEnd) {
      this.headHigh = memory.view.getInt32(headStart) ^ signBit
      this.headLow = memory.view.getInt32(headStart + 4) ^ signBit
      this.tailStart = headStart + 8
    } else {
      this.headHigh = paddedWord(memory.bytes, headStart, keyEnd)
      this.headLow = paddedWord(memory.bytes, headStart + 4, keyEnd)
      this.tailStart = keyEnd
    }
  }

  private enterNextBlock(): boolean {
    if (this.entriesLeft !== 0) throw this.damaged('a block with missing entries')
    do {
      this.blockIndex++
      while (this.readAhead === undefined || this.blockIndex >= this.blocksEnd) {
        if (!this.openNextTable()) return false
      }
      const block = this.readAhead.read(this.blockIndex)
      this.block = block
      this.memory = this.readAhead.memory
      this.clip(block)
    } while (this.entriesLeft === 0)
    return true
  }

  /** Leaves out of the first and last block what lies outside of the range. */
  private clip(block: Block): void {
    const { start, end } = this.reading.range
    const isLast = this.blockIndex === this.blocksEnd - 1
    const from = this.blockIndex === this.firstBlock ? block.lowerBound(start) : 0
    const to = isLast && end !== null ? block.lowerBound(end) : block.count
    this.entriesLeft = Math.max(0, to - from)
    this.valueEnd = from === 0 ? block.start : block.offsetAt(from)
    this.entriesEnd = to === block.count ? block.entriesEnd : block.offsetAt(to)
  }

  private openNextTable(): boolean {
    this.close()
    const table = this.tables[++this.tableIndex]
    if (table === undefined) return false
    const { open, memory, range } = this.reading
    this.reader = open(table)
    const readAhead = this.reader.readAhead(memory, this.pieceStart, this.pieceBytes)
    const lastBlock = range.end === null ? Infinity : readAhead.blockOf(range.end)
    this.readAhead = readAhead
    this.firstBlock = readAhead.blockOf(range.start)
    this.blocksEnd = Math.min(readAhead.blockCount, lastBlock + 1)
    this.blockIndex = this.firstBlock
    return true
  }
}

const signBit = 0x8000_0000

/** Four bytes, zeros where the key has ended. */
function paddedWord(bytes: Buffer, start: number, end: number): number {
  let word = 0
  for (let i = start; i < start + 4; i++) word = (word << 8) | (i < end ? bytes[i] : 0)
  return word ^ signBit
}
