import { readExpiry } from '../key/expiry.js'
import { ValueKind } from '../key/value-kind.js'

/**
 * The one rule of visibility. Of each key, a reader at a sequence sees the newest version at or
 * below that sequence. It sees nothing if that version is a delete, has expired, or is covered by a
 * newer range tombstone that is visible to the reader.
 *
 *     versions of k                #9 put   #7 delete   #4 put "a"   #2 put "b"
 *     range tombstone over k                                             #3
 *     reader at                    5: "a"     8: nothing     3: nothing     2: "b"
 *
 * Point lookups, memtables, blocks, iterators and compactions all use these functions, which are
 * small enough for V8 to inline.
 */

/** Whether a version is visible at `visibleSequence`. */
export function isVisible(sequence: number, visibleSequence: number): boolean {
  return sequence <= visibleSequence
}

/**
 * Whether older versions of a key are irrelevant: a version was found, or a visible range tombstone
 * covers all older ones. `coveringSequence` is 0 without a tombstone.
 */
export function isDecided(isFound: boolean, coveringSequence: number): boolean {
  return isFound || coveringSequence > 0
}

/** Whether a range tombstone deletes a version. `coveringSequence` is 0 without a tombstone. */
export function isCovered(sequence: number, coveringSequence: number): boolean {
  return coveringSequence > sequence
}

/** Whether a version is a value at `nowMs`, and not a delete or expired. */
export function isValueAt(
  kind: number,
  valueBytes: Uint8Array,
  valueStart: number,
  nowMs: number,
): boolean {
  if (kind === ValueKind.put) return true
  return kind === ValueKind.putWithExpiry && !hasExpired(valueBytes, valueStart, nowMs)
}

/** Requires: the value of a put with expiry starts at `valueStart`. */
export function hasExpired(valueBytes: Uint8Array, valueStart: number, nowMs: number): boolean {
  return readExpiry(valueBytes, valueStart) <= nowMs
}
