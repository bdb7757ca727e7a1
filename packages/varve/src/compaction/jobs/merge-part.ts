import { compareBytes, emptyBytes } from '../../base/bytes.js'
import type { KeyRange } from '../../key/key-range.js'
import type { TableReader } from '../../sstable/table-reader.js'
import { type TableMetadata, totalBytes } from '../../version/table-metadata.js'

/** One of the stretches of keys that a merge is cut into; each is a job of its own. */
export interface MergePart {
  readonly index: number
  readonly count: number
}

/** Bytes of a table up to a key: from where the piece before it ends. */
export interface TablePiece {
  readonly end: Uint8Array
  readonly sizeBytes: number
}

/** A table is looked into when it is more than the n-th of a part: so much may parts differ in size. */
const piecesPerPart = 16

/**
 * The keys of one part, from a first up to, and without, an end, so that all versions of a key are in
 * one part. The parts together hold every key once, and about as many bytes as each other; some may be
 * empty.
 *
 *     inputs   [──────────────────────────────────]     pieces by the sparse index, where
 *              [──────][──────][───][────────]          a table is large; else by its end
 *     parts    ─────────────┤ 0 ├───────────────── 1
 *
 * All parts must agree on where they are cut, though each finds out for itself, on its own thread: it
 * follows from the tables alone, which never change.
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

/** Up to `count` − 1 keys, ascending, between which lie about as many bytes. */
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
  // Behind an end that is none there is nothing to cut off.
  if (sizeBytes <= pieceBytes) return range.end === null ? [] : [{ end: range.end, sizeBytes }]
  const reader = open(table)
  try {
    return reader.pieces(pieceBytes)
  } finally {
    reader.close()
  }
}
