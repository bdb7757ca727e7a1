import { copyBytes, emptyBytes, pooledCopy } from './bytes.js'
import { textOf } from '../text.js'

/** Larger pages are not shared as a whole: one slice would keep too much memory. */
const maxPageBytes = 64 * 1024
/** With more bytes per entry than this, sharing the whole page does not pay off. */
const maxEntryBytes = 256
/** Longer parts are copied alone: that is fast enough, and keeps no page in memory. */
const maxSharedBytes = 256
/** Copying or decoding a page takes about as long as doing so for this many short parts. */
const partsPerPage = 4
/** Bounds of `asciiScore`. Below the lower bound, pages are not decoded as a whole any more. */
const minAsciiScore = -8
const maxAsciiScore = 64

const highBits = 0x80808080

/**
 * Memory with many short parts, the keys and values of a block, which are handed out as texts or as
 * copies of their bytes. Doing this one by one spends most of the time on calls into the runtime.
 * Instead the whole page becomes one Latin-1 string, and each ASCII text is a slice of it, in a
 * fifth of the time; or the whole page is copied, and each part is a view of the copy, in half of
 * the time. As usual in JavaScript, a slice keeps the whole string in memory, and a view the whole
 * copy.
 *
 * Owned by: the walk that calls `show`. Requires: the shown bytes do not change.
 */
export class EntryPage {
  private bytes: Buffer = emptyBytes
  /** A view of `bytes`, created with the first page text. */
  private view: DataView | undefined
  private start = 0
  private end = 0
  private isDense = false
  private text = ''
  private copy: Buffer | undefined
  /** Parts decoded or copied alone since `show`. */
  private partsAlone = 0
  /** Over all pages: the number of ASCII texts minus twice the number of other texts. */
  private asciiScore = 0

  /** Moves to `bytes[start, end)`, which has the texts of `entryCount` entries. */
  show(bytes: Buffer, start: number, end: number, entryCount: number): void {
    if (bytes !== this.bytes) this.view = undefined
    this.bytes = bytes
    this.start = start
    this.end = end
    this.isDense = end - start <= maxEntryBytes * entryCount && end - start <= maxPageBytes
    this.text = ''
    this.copy = undefined
    this.partsAlone = 0
  }

  /** The text of the UTF-8 bytes [start, end). Requires: they are within the shown bytes. */
  textOf(start: number, end: number): string {
    if (end - start > maxSharedBytes || (this.text === '' && !this.hasMadeText())) {
      return textOf(this.bytes, start, end)
    }
    if (!isAscii(this.view!, start, end)) {
      this.asciiScore -= 2
      return textOf(this.bytes, start, end)
    }
    if (this.asciiScore < maxAsciiScore) this.asciiScore++
    return this.text.slice(start - this.start, end - this.start)
  }

  /**
   * A copy of the bytes [start, end). Requires: they are within the shown bytes, and no byte is
   * returned twice, as the caller may change them.
   */
  bytesOf(start: number, end: number): Buffer {
    if (end - start > maxSharedBytes || (this.copy === undefined && !this.hasMadeCopy())) {
      return pooledCopy(this.bytes, start, end)
    }
    return this.copy!.subarray(start - this.start, end - this.start)
  }

  private hasMadeCopy(): boolean {
    if (!this.isDense || ++this.partsAlone <= partsPerPage) return false
    this.copy = copyBytes(this.bytes, this.start, this.end)
    return true
  }

  private hasMadeText(): boolean {
    const { bytes, start, end } = this
    if (!this.isDense || ++this.partsAlone <= partsPerPage) return false
    if (this.asciiScore < minAsciiScore) return false
    this.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.text = bytes.toString('latin1', start, end)
    return true
  }
}

/** Checks four bytes at a time; the last four may overlap those before. */
function isAscii(view: DataView, start: number, end: number): boolean {
  if (end - start < 4) {
    for (let at = start; at < end; at++) if (view.getInt8(at) < 0) return false
    return true
  }
  for (let at = start; at < end - 4; at += 4) {
    if ((view.getInt32(at, true) & highBits) !== 0) return false
  }
  return (view.getInt32(end - 4, true) & highBits) === 0
}
