const quote = 0x22
const newline = 0x0a
const carriageReturn = 0x0d

/**
 * Whether a record of CSV breaks RFC 4180: a quote within a cell that is not quoted, or text after
 * the closing quote of a cell. `record` may have its line end.
 */
export function hasStrayQuote(record: Buffer, delimiter: Buffer): boolean {
  const recordEnd = withoutLineEnd(record)
  let at = 0
  while (at < recordEnd) {
    const cellEnd = record[at] === quote ? quotedCellEnd(record, at) : plainCellEnd(record, at)
    if (cellEnd >= recordEnd) return cellEnd > recordEnd
    if (record[cellEnd] === quote || !isAt(record, delimiter, cellEnd)) return true
    at = cellEnd + delimiter.length
  }
  return false

  function plainCellEnd(bytes: Buffer, start: number): number {
    const nextDelimiter = bytes.indexOf(delimiter, start)
    const end = nextDelimiter === -1 ? recordEnd : Math.min(nextDelimiter, recordEnd)
    const nextQuote = bytes.indexOf(quote, start)
    return nextQuote === -1 ? end : Math.min(nextQuote, end)
  }
}

/** After the closing quote of the cell that starts at `start`; past the end where there is none. */
function quotedCellEnd(bytes: Buffer, start: number): number {
  let at = bytes.indexOf(quote, start + 1)
  while (at !== -1 && bytes[at + 1] === quote) at = bytes.indexOf(quote, at + 2)
  return at === -1 ? bytes.length + 1 : at + 1
}

function isAt(bytes: Buffer, part: Buffer, at: number): boolean {
  return bytes.subarray(at, at + part.length).equals(part)
}

function withoutLineEnd(record: Buffer): number {
  let end = record.length
  if (record[end - 1] === newline) end--
  if (record[end - 1] === carriageReturn) end--
  return end
}
