import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { DataError } from '../exit-code.js'
import { asBuffer } from '../text/as-buffer.js'
import { startsWith } from './compression.js'

const utf8Mark = Buffer.of(0xef, 0xbb, 0xbf)
/** Written by spreadsheets ("Unicode text") and by PowerShell. */
const utf16Marks = [
  { encoding: 'utf-16le', mark: Buffer.of(0xff, 0xfe) },
  { encoding: 'utf-16be', mark: Buffer.of(0xfe, 0xff) },
]

const binaryKinds = [
  { kind: 'a zip archive or spreadsheet', magic: Buffer.from('PK\x03\x04') },
  { kind: 'bzip2', magic: Buffer.from('BZh') },
  { kind: 'xz', magic: Buffer.from('\xfd7zXZ', 'latin1') },
  { kind: 'an SQLite database', magic: Buffer.from('SQLite format 3\0') },
  { kind: 'Parquet', magic: Buffer.from('PAR1') },
]

/**
 * The text of a file as UTF-8, without its byte order mark. UTF-16 is converted if it has its mark;
 * input that starts as no text does is refused.
 */
export async function* utf8TextOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isStart = true
  let decoder: TextDecoder | undefined
  for await (const chunk of source) {
    let bytes = asBuffer(chunk)
    if (isStart) {
      isStart = false
      const utf16 = utf16Marks.find(({ mark }) => startsWith(bytes, mark))
      if (utf16 !== undefined) decoder = new TextDecoder(utf16.encoding, { fatal: true })
      else refuseBinary(bytes)
      if (startsWith(bytes, utf8Mark)) bytes = bytes.subarray(utf8Mark.length)
    }
    yield decoder === undefined ? bytes : decoded(decoder, bytes)
  }
  if (decoder !== undefined) yield decoded(decoder)
}

function decoded(decoder: TextDecoder, bytes?: Uint8Array): Uint8Array {
  try {
    return Buffer.from(decoder.decode(bytes, { stream: bytes !== undefined }))
  } catch (cause) {
    throw new DataError('the input starts as UTF-16 text but is not', { cause })
  }
}

/** Requires: `start` is the first chunk of the input. */
function refuseBinary(start: Buffer): void {
  const known = binaryKinds.find(({ magic }) => startsWith(start, magic))
  if (known === undefined && !looksBinary(start)) return
  throw new DataError(
    `the input is binary${known === undefined ? '' : ` (${known.kind})`}, ` +
      'not NDJSON, CSV or TSV text; it can be compressed with gzip or zstd, ' +
      'everything else must be converted first',
  )
}

/**
 * A NUL in the first line means binary, or UTF-16 without its mark. Later a value may hold one.
 * Text in another encoding, such as Latin-1, is not UTF-8 either, but has no control characters.
 */
function looksBinary(start: Buffer): boolean {
  const firstBreak = start.indexOf(0x0a)
  const firstNul = start.indexOf(0)
  if (firstNul !== -1 && (firstBreak === -1 || firstNul < firstBreak)) return true
  return !isUtf8(wholeCharacters(start)) && hasControlCharacter(start)
}

/** Without the last bytes, which may be part of a character that the next chunk completes. */
function wholeCharacters(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > bytes.length - 4 && end > 0 && bytes[end - 1] >= 0x80) end--
  return bytes.subarray(0, end)
}

function hasControlCharacter(bytes: Buffer): boolean {
  const [tab, carriageReturn, space] = [0x09, 0x0d, 0x20]
  return bytes.some((byte) => byte < space && (byte < tab || byte > carriageReturn))
}
