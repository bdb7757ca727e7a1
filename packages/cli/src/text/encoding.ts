import { isUtf8 } from 'node:buffer'
import { DataError, UsageError } from '../exit-code.js'
import { asBuffer } from './as-buffer.js'
import { printable, printableJson } from './printable.js'

/** How bytes are written in arguments and output. The database itself only sees bytes. */
export type TextEncoding = 'utf8' | 'json' | 'hex'

export const keyEncodings: readonly TextEncoding[] = ['utf8', 'hex']
export const valueEncodings: readonly TextEncoding[] = ['utf8', 'json', 'hex']

/** Bytes of an argument; `what` names it in the message when it is malformed. */
export function parseBytes(text: string, encoding: TextEncoding, what: string): Buffer {
  if (encoding === 'hex') {
    if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) {
      throw new UsageError(`${what} must be pairs of hexadecimal digits, not '${text}'`)
    }
    return Buffer.from(text, 'hex')
  }
  if (encoding === 'json') {
    const fault = jsonFault(text)
    if (fault !== undefined) {
      throw new UsageError(`${what} must be JSON (a string needs quotes: '"text"'): ${fault}`)
    }
  }
  if (!text.isWellFormed()) {
    throw new UsageError(`${what} has a lone surrogate, which UTF-8 cannot hold; use hex`)
  }
  return Buffer.from(text, 'utf8')
}

/**
 * Bytes of a value that came as bytes: from a file, a pipe or a shell word. Under 'utf8' they are
 * kept as they are; otherwise they must be text in that format.
 */
export function parseValue(bytes: Buffer, encoding: TextEncoding, what: string): Buffer {
  if (encoding === 'utf8') return bytes
  if (!isUtf8(bytes)) throw new UsageError(`${what} is not UTF-8 text, so it cannot be ${encoding}`)
  return parseBytes(bytes.toString('utf8').trim(), encoding, what)
}

/** One line for people. Under 'utf8' whatever is no text is escaped, so nothing is refused. */
export function formatLine(bytes: Uint8Array, encoding: TextEncoding, what: string): string {
  if (encoding === 'hex') return asBuffer(bytes).toString('hex')
  if (encoding === 'json') return printableJson(jsonLine(bytes, what))
  return printable(bytes)
}

/** JSON text that represents the bytes without loss, for `--json` and exported files. */
export function formatJson(bytes: Uint8Array, encoding: TextEncoding, what: string): string {
  if (encoding === 'hex') return `"${asBuffer(bytes).toString('hex')}"`
  if (encoding === 'json') return jsonLine(bytes, what)
  return JSON.stringify(utf8Text(bytes, what))
}

/**
 * The text of the bytes, refused when they are no UTF-8: replacement characters would hide a loss.
 */
export function utf8Text(bytes: Uint8Array, what: string): string {
  if (!isUtf8(bytes)) {
    throw new DataError(`${what} is not UTF-8 text (${printable(bytes.subarray(0, 40))}); use hex`)
  }
  return asBuffer(bytes).toString('utf8')
}

/**
 * JSON kept as it was written, because parsing would round long numbers; only line breaks between
 * tokens have to go.
 */
function jsonLine(bytes: Uint8Array, what: string): string {
  const text = utf8Text(bytes, what)
  const fault = jsonFault(text)
  if (fault !== undefined) throw new DataError(`${what} is not JSON: ${fault}`)
  return /[\r\n]/.test(text) ? JSON.stringify(JSON.parse(text)) : text.trim()
}

function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as SyntaxError).message
  }
}
