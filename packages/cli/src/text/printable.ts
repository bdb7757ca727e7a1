import { isUtf8 } from 'node:buffer'
import { asBuffer } from './as-buffer.js'

// Control characters move the cursor, ring bells and break lines; C1 ones on some terminals only.
// eslint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/
const controlCharacters = new RegExp(controlCharacter, 'g')

/**
 * `bytes` as one line of text that is safe on a terminal: bytes that are not text show as `\n`,
 * `\xff`.
 */
export function printable(bytes: Uint8Array): string {
  const buffer = asBuffer(bytes)
  if (!isUtf8(buffer)) return escapeNonAscii(buffer)
  const text = buffer.toString('utf8')
  return controlCharacter.test(text) ? text.replace(controlCharacters, escapeCharacter) : text
}

/** Text of several lines, such as a message, that is safe on a terminal. */
export function printableText(text: string): string {
  return text.replace(controlCharacters, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  )
}

/** JSON that is safe on a terminal, and the same JSON: its strings may hold these characters. */
export function printableJson(json: string): string {
  return json.replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  )
}

/** Like `printable`, cut to `width` characters with an ellipsis. */
export function printableWithin(bytes: Uint8Array, width: number): string {
  const text = Array.from(printable(bytes.subarray(0, characterEnd(bytes, (width + 1) * 4))))
  return text.length <= width ? text.join('') : text.slice(0, width - 1).join('') + '…'
}

/** The end of the character that ends at or before `end`: half a character is no UTF-8. */
function characterEnd(bytes: Uint8Array, end: number): number {
  let boundary = end
  while (boundary > end - 4 && boundary < bytes.length && (bytes[boundary] & 0xc0) === 0x80) {
    boundary--
  }
  return boundary
}

function escapeNonAscii(buffer: Buffer): string {
  let text = ''
  for (const byte of buffer) {
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : escapeByte(byte)
  }
  return text
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0)
  if (code === 0x0a) return '\\n'
  if (code === 0x0d) return '\\r'
  if (code === 0x09) return '\\t'
  return code < 0x80 ? escapeByte(code) : Array.from(Buffer.from(character), escapeByte).join('')
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
