import { emptyBytes } from './bytes.js'
import { textOf } from './text.js'

/** A page of more bytes gets no text: whoever keeps a part of it would keep too much. */
const maxPageBytes = 64 * 1024
/** So much of it for each entry, and its text does not pay. */
const maxEntryBytes = 256
/** Longer texts are quick enough by themselves, and need not keep a page in memory. */
const maxSharedBytes = 256
/** The text of a page takes about as long as this many short texts on their own. */
const textsOnTheirOwn = 4
/** Bounds of `friends`: below the lower one, pages get no text any more. */
const minFriends = -8
const maxFriends = 64

const highBits = 0x80808080

/**
 * Memory in which many short texts lie, such as the keys and values of a block. Decoding them one by one
 * is mostly calls into the runtime; so the whole page becomes one Latin-1 string, of which those that are
 * ASCII are slices: a fifth of the time. A slice keeps the string of its page in memory, as the parts of
 * any string do that is cut up in JavaScript.
 *
 * Owned by: the walk that shows its places. Requires: the bytes stay as they are while they are shown.
 */
export class TextPage {
  private bytes: Buffer = emptyBytes
  /** Of `bytes`, once there has been a text. */
  private view: DataView | undefined
  private start = 0
  private end = 0
  private isDense = false
  private text = ''
  /** Texts asked for before there is one of the page. */
  private asked = 0
  /** Texts that were ASCII minus twice those that were not, on all pages. */
  private friends = 0

  /** From now on the texts of `entryCount` entries lie in `bytes[start, end)`. */
  show(bytes: Buffer, start: number, end: number, entryCount: number): void {
    if (bytes !== this.bytes) this.view = undefined
    this.bytes = bytes
    this.start = start
    this.end = end
    this.isDense = end - start <= maxEntryBytes * entryCount && end - start <= maxPageBytes
    this.text = ''
    this.asked = 0
  }

  /** The text of the UTF-8 bytes [start, end). Requires: they lie in what is shown. */
  textOf(start: number, end: number): string {
    if (end - start > maxSharedBytes || (this.text === '' && !this.hasMadeText())) {
      return textOf(this.bytes, start, end)
    }
    if (!isAscii(this.view!, start, end)) {
      this.friends -= 2
      return textOf(this.bytes, start, end)
    }
    if (this.friends < maxFriends) this.friends++
    return this.text.slice(start - this.start, end - this.start)
  }

  private hasMadeText(): boolean {
    const { bytes, start, end } = this
    if (!this.isDense || ++this.asked <= textsOnTheirOwn) return false
    if (this.friends < minFriends) return false
    this.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.text = bytes.toString('latin1', start, end)
    return true
  }
}

/** Four bytes at a time; the last four may overlap those before. */
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
