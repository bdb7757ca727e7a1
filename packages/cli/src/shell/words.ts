import { isUtf8 } from 'node:buffer'
import { UsageError } from '../exit-code.js'
import { asBuffer } from '../text/as-buffer.js'

/**
 * One argument of a shell line. Arguments are bytes, because keys are: `\xff` stands for a byte that
 * no text can say. A quoted word is never a flag or a separator.
 */
export interface Word {
  readonly bytes: Buffer
  readonly text: string
  readonly quoted: boolean
}

export type Quote = '"' | "'" | ''

/**
 * Splits a line at blanks. A quote counts only at the start of a word, so that JSON can be typed as it
 * is: `put k {"a":1}`.
 *
 *   'it is'    as it stands, up to the next single quote
 *   "it\tis"   with \n \r \t \xNN; before any other character the backslash falls away
 *   it\ is     \blank, \\ and \xNN escape; before any other character the backslash stays
 */
export function splitWords(line: string): Word[] {
  const words: Word[] = []
  let position = skipBlanks(line, 0)
  while (position < line.length) {
    const { word, end, closed } = readWord(line, position)
    if (!closed) throw new UsageError(`a quote is not closed: ${line.slice(position)}`)
    if (end < line.length && !isBlank(line[end])) {
      throw new UsageError(`a blank must follow the closing quote: ${line.slice(position)}`)
    }
    words.push(word)
    position = skipBlanks(line, end)
  }
  return words
}

/** The words before the cursor, the last of them perhaps unfinished or empty, for completion. */
export function splitUnfinished(line: string): { words: Word[]; last: Word; lastStart: number } {
  const words: Word[] = []
  let position = skipBlanks(line, 0)
  while (position < line.length) {
    const { word, end, closed } = readWord(line, position)
    if (end >= line.length && (!word.quoted || !closed)) {
      return { words, last: word, lastStart: position }
    }
    words.push(word)
    position = skipBlanks(line, end)
  }
  return { words, last: toWord([], false), lastStart: line.length }
}

/** Writes bytes as a word that `splitWords` reads back; under an open quote, without its closing one. */
export function quoteWord(bytes: Uint8Array, quote: Quote): string {
  const buffer = asBuffer(bytes)
  const isText = isUtf8(buffer)
  let text: string = quote
  for (const character of buffer.toString(isText ? 'utf8' : 'latin1')) {
    const code = character.codePointAt(0)!
    const isFirstUnquoted = quote === '' && text === ''
    if (quote === "'") text += character
    else if (code < 0x20 || (code >= 0x7f && (code < 0xa0 || !isText))) {
      text += escapeBytes(Buffer.from(character, isText ? 'utf8' : 'latin1'))
    } else if (character === '\\' || (character === ' ' && quote === '')) text += '\\' + character
    else if (character === '"' && quote === '"') text += '\\"'
    else if ((character === '"' || character === "'") && isFirstUnquoted) {
      text += escapeBytes(Buffer.from(character))
    } else text += character
  }
  return text
}

interface ReadWord {
  word: Word
  /** Position behind the word, and behind its closing quote. */
  end: number
  /** False when the line ended within quotes. */
  closed: boolean
}

function readWord(line: string, start: number): ReadWord {
  const first = line[start]
  const quote: Quote = first === '"' || first === "'" ? first : ''
  const pieces: Buffer[] = []
  let position = start + quote.length
  while (position < line.length) {
    const character = line[position]
    if (quote === '' ? isBlank(character) : character === quote) break
    if (character === '\\' && quote !== "'") {
      position = readEscape(line, position, quote, pieces)
    } else {
      const text = String.fromCodePoint(line.codePointAt(position)!)
      pieces.push(Buffer.from(text))
      position += text.length
    }
  }
  const closed = quote === '' || position < line.length
  return {
    word: toWord(pieces, quote !== ''),
    end: quote !== '' && closed ? position + 1 : position,
    closed,
  }
}

/** Reads the escape at `position`, appends its bytes, returns the position behind it. */
function readEscape(line: string, position: number, quote: Quote, pieces: Buffer[]): number {
  const hex = /^x([0-9a-f]{2})/i.exec(line.slice(position + 1, position + 4))
  if (hex !== null) {
    pieces.push(Buffer.from(hex[1], 'hex'))
    return position + 4
  }
  const next = line[position + 1]
  if (next === undefined) {
    pieces.push(Buffer.from('\\'))
    return position + 1
  }
  const control = { n: '\n', r: '\r', t: '\t' }[next]
  if (quote === '"') pieces.push(Buffer.from(control ?? next))
  else if (next === '\\' || isBlank(next)) pieces.push(Buffer.from(next))
  else {
    pieces.push(Buffer.from('\\'))
    return position + 1
  }
  return position + 2
}

function toWord(pieces: Buffer[], quoted: boolean): Word {
  const bytes = Buffer.concat(pieces)
  return { bytes, text: bytes.toString('utf8'), quoted }
}

function escapeBytes(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

function skipBlanks(line: string, position: number): number {
  while (isBlank(line[position])) position++
  return position
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
