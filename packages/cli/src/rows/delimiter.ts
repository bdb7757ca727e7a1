/** How the records of a CSV or TSV file are divided. */
export interface Dialect {
  delimiter: string
  /** Files of old Macs end lines with a lone carriage return. */
  recordDelimiters: readonly string[]
}

/** The first of them wins when a header holds as many of one as of another. */
const candidates = [',', ';', '\t', '|']
const maxHeaderBytes = 64 * 1024

export function defaultDelimiter(format: 'csv' | 'tsv'): string {
  return format === 'csv' ? ',' : '\t'
}

export interface DialectQuestion {
  format: 'csv' | 'tsv'
  /** The delimiter that was asked for. */
  delimiter?: string | undefined
  /** How many columns there must be, where that is known. */
  columnCount?: number | undefined
}

/**
 * Decides from the first line of a file, which is its header or its first row; undefined when
 * `head` has to be longer. TSV is always divided by tabs unless asked otherwise.
 */
export function dialectOf(
  head: string,
  isWhole: boolean,
  { format, delimiter, columnCount }: DialectQuestion,
): Dialect | undefined {
  const line = firstLine(head.slice(0, maxHeaderBytes))
  const isCut = line.end >= head.length - (head[line.end] === '\r' ? 1 : 0)
  if (isCut && !isWhole && head.length < maxHeaderBytes) return undefined
  const isOldMac = head[line.end] === '\r' && head[line.end + 1] !== '\n'
  return {
    delimiter:
      delimiter ?? (format === 'tsv' ? defaultDelimiter(format) : detect(line.counts, columnCount)),
    recordDelimiters: isOldMac ? ['\r'] : ['\r\n', '\n'],
  }
}

function detect(counts: readonly number[], columnCount: number | undefined): string {
  const fitting = counts.findIndex((count) => count + 1 === columnCount)
  const most = Math.max(...counts)
  return candidates[fitting !== -1 && columnCount !== 1 ? fitting : counts.indexOf(most)]
}

/**
 * Where the first line that is not empty ends, and how often it has each candidate outside quotes.
 */
function firstLine(head: string): { end: number; counts: number[] } {
  const counts = candidates.map(() => 0)
  let start = 0
  while (head[start] === '\n' || head[start] === '\r') start++
  let isQuoted = false
  for (let at = start; at < head.length; at++) {
    const character = head[at]
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === '\n' || character === '\r') return { end: at, counts }
    else {
      const candidate = candidates.indexOf(character)
      if (candidate !== -1) counts[candidate]++
    }
  }
  return { end: head.length, counts }
}
