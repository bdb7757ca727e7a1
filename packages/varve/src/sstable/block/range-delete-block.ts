import { copyBytes } from '../../base/bytes/bytes.js'
import { corruption } from '../../base/errors.js'
import { VarintReader, VarintWriter } from '../../base/bytes/varint.js'
import { isEmptyRange } from '../../key/key-range.js'
import { compareRangeTombstones, type RangeTombstone } from '../../key/range-tombstone.js'

/**
 * The range-delete block: tombstones by ascending start, then descending sequence, up to the end of
 * the payload, each
 *
 *     start length varint │ start │ end length + 1 varint (0: unbounded) │ end │ sequence varint
 */
export class RangeDeleteBlockBuilder {
  private readonly writer = new VarintWriter()

  add(tombstone: RangeTombstone): void {
    const { start, end, sequence } = tombstone
    this.writer.writeLengthPrefixed(start)
    if (end === null) this.writer.write(0)
    else this.writer.write(end.length + 1).writeBytes(end)
    this.writer.write(sequence)
  }

  finish(): Buffer {
    return this.writer.finish()
  }
}

/**
 * Whether a compressed block may be stored. A stored tombstone must take at least one byte, so that
 * a small block cannot make a reader decode millions of them.
 */
export function mayBeStored(tombstoneCount: number, storedBytes: number): boolean {
  return tombstoneCount <= storedBytes
}

/**
 * `storedBytes`: stored size of the payload, which limits the number of its tombstones.
 *
 * Ensures: bounds are views of a copy; tombstones are ordered and distinct; no range is empty.
 */
export function decodeRangeDeletes(
  payload: Buffer,
  storedBytes: number,
  file: string,
  fileOffset: number,
): RangeTombstone[] {
  const reader = new VarintReader(copyBytes(payload))
  const tombstones: RangeTombstone[] = []
  let previous: RangeTombstone | undefined
  while (reader.offset < payload.length) {
    const start = reader.readLengthPrefixed()
    const endLength = reader.read()
    const end = endLength === 0 ? null : reader.readBytes(endLength - 1)
    const tombstone = { start, end, sequence: reader.read() }
    const isMisplaced = previous !== undefined && compareRangeTombstones(previous, tombstone) >= 0
    if (reader.failed || isMisplaced || isEmptyRange(tombstone)) {
      throw corruption(file, fileOffset, `range delete ${tombstones.length} is invalid`)
    }
    tombstones.push(tombstone)
    if (!mayBeStored(tombstones.length, storedBytes)) {
      throw corruption(file, fileOffset, 'more range deletes than a block of its size can have')
    }
    previous = tombstone
  }
  return tombstones
}
