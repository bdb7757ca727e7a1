import { DataError } from '../exit-code.js'
import { asBuffer } from '../text/as-buffer.js'
import { formatBytes } from '../text/quantity.js'

/** Longest line that is read: bounds memory when a file has no line breaks at all. */
export const maxLineBytes = 256 * 1024 * 1024

const newline = 0x0a
const carriageReturn = 0x0d

/**
 * The lines of a byte stream, without their ends (`\n` or `\r\n`). Each is valid until the next one
 * is read.
 *
 * Not node:readline, which also splits at U+2028, a character that JSON strings may hold. Bytes are
 * split before they are decoded, so a character is never cut by a chunk's end.
 */
export async function* readLineBytes(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let line = 1
  for await (const bytes of source) {
    const chunk = asBuffer(bytes)
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end)
      yield withoutReturn(pendingBytes === 0 ? piece : Buffer.concat([...pending, piece]))
      if (pendingBytes !== 0) pending = []
      pendingBytes = 0
      start = end + 1
      line++
    }
    if (start === chunk.length) continue
    // A copy, because a stream may reuse its chunk.
    pending.push(Buffer.from(chunk.subarray(start)))
    pendingBytes += chunk.length - start
    if (pendingBytes > maxLineBytes) {
      const most = formatBytes(maxLineBytes)
      throw new DataError(`line ${line} is longer than ${most}; is this the right format?`)
    }
  }
  if (pendingBytes !== 0) yield withoutReturn(Buffer.concat(pending))
}

function withoutReturn(line: Buffer): Buffer {
  const hasReturn = line.length > 0 && line[line.length - 1] === carriageReturn
  return hasReturn ? line.subarray(0, -1) : line
}
