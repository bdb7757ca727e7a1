import { compareBytes, copyBytes } from '../base/bytes.js'
import { corruption } from '../base/errors.js'
import { VarintReader, VarintWriter } from '../base/varint.js'
import { type RangeTombstone, RangeTombstones } from '../key/range-tombstone.js'

/**
 * The range-delete block: tombstones by ascending start, to the end of the payload, each
 *
 *     start length varint │ start │ end length + 1 varint, or 0 for no upper bound │ end │ sequence varint
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

/** A writer cuts range deletes at each other, so that hardly more sequences come out than go in. */
const maxSequencesPerTombstone = 16
const minSequencesAllowed = 10_000

/** The same, cut into fragments; also `CORRUPTION` when they overlap beyond all measure. */
export function fragmentRangeDeletes(
  tombstones: readonly RangeTombstone[],
  file: string,
  fileOffset: number,
): RangeTombstones {
  const max = minSequencesAllowed + maxSequencesPerTombstone * tombstones.length
  const fragments = RangeTombstones.within(tombstones, max)
  if (fragments === undefined) {
    throw corruption(file, fileOffset, 'range deletes that overlap beyond all measure')
  }
  return fragments
}

/** Ensures: the bounds are copies; starts ascend; every range holds something. */
export function decodeRangeDeletes(
  payload: Buffer,
  file: string,
  fileOffset: number,
): RangeTombstone[] {
  const reader = new VarintReader(payload)
  const tombstones: RangeTombstone[] = []
  let previous: Uint8Array | undefined
  while (reader.offset < payload.length) {
    const start = copyBytes(reader.readLengthPrefixed())
    const endLength = reader.read()
    const end = endLength === 0 ? null : copyBytes(reader.readBytes(endLength - 1))
    const sequence = reader.read()
    const misplaced = previous !== undefined && compareBytes(previous, start) > 0
    const isEmpty = end !== null && compareBytes(start, end) >= 0
    if (reader.failed || misplaced || isEmpty) {
      throw corruption(file, fileOffset, `range delete ${tombstones.length} cannot be`)
    }
    tombstones.push({ start, end, sequence })
    previous = start
  }
  return tombstones
}
