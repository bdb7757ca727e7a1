import { compareBytes, emptyBytes } from '../../base/bytes/bytes.js'
import type { KeyRange } from '../../key/key-range.js'
import type { TableReader } from '../../sstable/table-reader.js'
import { type TableMetadata, totalBytes } from '../../version/table-metadata.js'

/** One of the key ranges that a merge is split into. Each is a job of its own. */
export interface MergePart {
  readonly index: number
  readonly count: number
}

/** A part of a table, from the end of the previous piece to `end`. */
interface TablePiece {
  readonly end: Uint8Array
  readonly sizeBytes: number
}

/**
 * A table larger than this fraction of a part is split by its index, which limits how much parts
 * differ in size.
 */
const piecesPerPart = 16

/**
 * Returns the keys of one part as a half-open range, so all versions of a key are in the same part.
 * The parts cover every key once and have about the same size. Some may be empty.
 *
 *     inputs   [──────────────────────────────────]     pieces by the sparse index in a large
 *              [──────][──────][───][────────]          table; else the whole table
 *     parts    ─────────────┤ 0 ├───────────────── 1
 *
 * Each part computes the cuts on its own thread. All parts agree on them, because they depend only
 * on the tables, which never change.
 */
export function rangeOfPart(
  { index, count }: MergePart,
  tables: readonly TableMetadata[],
  open: (table: TableMetadata) => TableReader,
): KeyRange {
  const pieceBytes = totalBytes(tables) / (count * piecesPerPart)
  const pieces = tables.flatMap((table) => piecesOf(table, pieceBytes, open))
  const cuts = cutEvenly(pieces, count)
  return { start: cuts[index - 1] ?? emptyBytes, end: cuts[index] ?? null }
}

/**
 * Returns up to `count` − 1 keys, ascending, that divide the pieces into parts of about the same
 * size.
 */
export function cutEvenly(pieces: readonly TablePiece[], count: number): Uint8Array[] {
  const sorted = [...pieces].sort((a, b) => compareBytes(a.end, b.end))
  const allBytes = sorted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const cuts: Uint8Array[] = []
  let bytes = 0
  for (const { end, sizeBytes } of sorted) {
    bytes += sizeBytes
    while (cuts.length < count - 1 && bytes >= (allBytes * (cuts.length + 1)) / count)
      cuts.push(end)
  }
  return cuts
}

function piecesOf(
  table: TableMetadata,
  pieceBytes: number,
  open: (table: TableMetadata) => TableReader,
): TablePiece[] {
  const { sizeBytes, range } = table
  // An unbounded piece cannot be split.
  if (sizeBytes <= pieceBytes) return range.end === null ? [] : [{ end: range.end, sizeBytes }]
  const reader = open(table)
  try {
    return reader.pieces(pieceBytes)
  } finally {
    reader.close()
  }
}
