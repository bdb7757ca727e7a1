import { isUtf8 } from 'node:buffer'
import { asBuffer } from '../text/as-buffer.js'

/**
 * One argument of a shell command. Arguments are bytes, because keys are: `\xff` is a byte
 * that no text can express. A quoted word is never a flag, JSON counts as quoted.
 */
export interface Word {
  readonly bytes: Buffer
  readonly text: string
  readonly quoted: boolean
}

export type Quote = '"' | "'" | ''

/** The `;` between two commands. Compare by identity: `\;` and `";"` are ordinary words. */
export const separator: Word = { bytes: Buffer.from(';'), text: ';', quoted: false }

export function toWord(bytes: Buffer, quoted: boolean): Word {
  return { bytes, text: bytes.toString('utf8'), quoted }
}

/**
 * Matches where a word begins that is JSON, an object or an array. Not every bracket does, because
 * keys like `{user}:1` and `[abc` are typed without quotes, too.
 */
export const jsonStart = /\{\s*(?:["}]|$)|\[\s*(?:["{[\]\d-]|(?:true|false|null)\b|$)/y

/**
 * Writes bytes as a word that the lexer reads back; under an open quote, without its closing one.
 */
export function quoteWord(bytes: Uint8Array, quote: Quote): string {
  const buffer = asBuffer(bytes)
  const isText = isUtf8(buffer)
  const source = buffer.toString(isText ? 'utf8' : 'latin1')
  jsonStart.lastIndex = 0
  const startsAsJson = quote === '' && jsonStart.test(source)
  let text: string = quote
  for (const character of source) {
    const code = character.codePointAt(0)!
    const isFirstUnquoted = quote === '' && text === ''
    const isQuote = character === '"' || character === "'"
    if (quote === "'") text += character
    else if (code < 0x20 || (code >= 0x7f && (code < 0xa0 || !isText))) {
      text += escapeBytes(Buffer.from(character, isText ? 'utf8' : 'latin1'))
    } else if (character === '\\') text += '\\\\'
    else if ((character === ' ' || character === ';') && quote === '') text += '\\' + character
    else if (character === '"' && quote === '"') text += '\\"'
    else if (isFirstUnquoted && (isQuote || startsAsJson)) {
      text += escapeBytes(Buffer.from(character))
    } else text += character
  }
  return text
}

function escapeBytes(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}
