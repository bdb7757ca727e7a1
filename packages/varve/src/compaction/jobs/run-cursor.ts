import { compareViews } from '../../base/bytes/bytes.js'
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
  /** The memory that files are read into. Each cursor has its own part of it. */
  readonly memory: Memory
  /** Length of a prefix shared by all keys. */
  readonly prefixLength: number
  /** Entries outside this range are skipped. */
  readonly range: KeyRange
}

/**
 * Iterates over the entries of one sorted run in a range, in large reads that bypass the cache. The
 * run is a list of tables with disjoint, ascending ranges; one table is open at a time.
 *
 * Keeps the eight bytes after the shared prefix of the current key, the key's head, as two numbers,
 * so that most comparisons touch no bytes:
 *
 *     00000000 0123 4567      prefix "00000000", head "0123" "4567"
 *     user:    42             prefix "user:", head "42\0\0" "\0\0\0\0"
 *
 * Owned by: a MergeInput, which also sets `isNewKey` and closes the cursor.
 * Invariant: heads compare as their keys do, except that different keys may have equal heads.
 */
export class RunCursor extends MemoryEntry {
  /** The two halves hold four bytes each, as a signed number in the same order. */
  headHigh = 0
  headLow = 0
  /** Start of the key's bytes after the head. */
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

  /** Reads into `pieceBytes` bytes of the memory, from `pieceStart` on. */
  constructor(
    private readonly tables: readonly TableMetadata[],
    private readonly reading: RunReading,
    private readonly pieceStart: number,
    private readonly pieceBytes: number,
  ) {
    super(reading.memory)
  }

  /** Whether the next step releases the memory of this entry. */
  get isAtBlockEnd(): boolean {
    return this.valueEnd === this.entriesEnd
  }

  /** Moves to the first entry, and then to the next one. Returns false at the end. */
  advance(): boolean {
    if (this.isAtBlockEnd && !this.enterNextBlock()) return false
    this.show(this.valueEnd)
    return true
  }

  /** Whether this entry sorts first: a lower key, or a newer version of the same key. */
  isAheadOf(other: RunCursor): boolean {
    if (this.headHigh !== other.headHigh) return this.headHigh < other.headHigh
    if (this.headLow !== other.headLow) return this.headLow < other.headLow
    const { memory, tailStart, keyEnd } = other
    const order = this.compareTail(memory.view, tailStart, keyEnd, keyEnd - other.keyStart)
    return order === 0 ? this.sequence > other.sequence : order < 0
  }

  /**
   * Compares the key with another one that has the same head, the length `keyLength` and the tail
   * `view[tailStart, tailEnd)`. A key that ends within the head has an empty tail. The shorter of
   * two such keys sorts first, because heads are padded with zeros.
   */
  compareTail(view: DataView, tailStart: number, tailEnd: number, keyLength: number): number {
    const own = this.memory.view
    const order = compareViews(own, this.tailStart, this.keyEnd, view, tailStart, tailEnd)
    return order === 0 ? this.keyEnd - this.keyStart - keyLength : order
  }

  /** An error that reports damage at the position of this entry. */
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

  /** Skips the entries of the first and last block that are outside the range. */
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

/** Reads four bytes, padded with zeros after the end of the key. */
function paddedWord(bytes: Buffer, start: number, end: number): number {
  let word = 0
  for (let i = start; i < start + 4; i++) word = (word << 8) | (i < end ? bytes[i] : 0)
  return word ^ signBit
}
