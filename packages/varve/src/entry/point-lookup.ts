import { emptyBytes } from '../base/bytes/bytes.js'
import { type Clock, systemClock } from '../base/clock.js'
import { hashBytes } from '../base/bytes/hash.js'
import { keyedHash } from '../base/bytes/keyed-hash.js'
import { expiryBytes } from '../key/expiry.js'
import { ValueKind } from '../key/value-kind.js'
import type { MissingPiece } from './missing-piece.js'
import { hasExpired, isCovered, isDecided } from './visibility.js'

/** The state of a lookup after the memtables and tables that it has read so far. */
export const LookupState = {
  /** Nothing found yet: read the next older memtable or table. */
  searching: 0,
  /** `kind`, `sequence` and the value are set. Older versions do not matter, even if it expired. */
  found: 1,
  /** A table or block is not in memory and may not be read now: load `missing`, then retry. */
  blocked: 2,
} as const

/**
 * One point read on its way down the tree, newest memtable or table first. The object is reused, so
 * that a read allocates only its result.
 *
 * Owned by: the Tree that reads. Lives: until the next `start` on the same object.
 * Invariant: once `coveringSequence` > 0, all older memtables and tables hold only entries below
 * it.
 */
export class PointLookup {
  /** The user key is `key[0, keyLength)`. */
  key: Buffer = emptyBytes
  keyLength = 0
  hash = 0
  /** The last result of `hashUnder`, and its secret; 0: none yet. */
  private keyed = 0
  private keyedUnder = 0
  /** Entries and range tombstones above this are invisible. */
  visibleSequence = 0
  /** False: a block that is not in memory blocks the lookup. An async-only block always does. */
  mayRead = true

  state: number = LookupState.searching
  /** `put` also for a value that will expire later; `putWithExpiry` means that it has expired. */
  kind = 0
  sequence = 0
  valueBytes: Buffer = emptyBytes
  valueStart = 0
  valueEnd = 0
  /** Highest sequence of a visible range tombstone over the key so far. */
  coveringSequence = 0
  missing: MissingPiece | undefined

  /** Data blocks searched, for read amplification. */
  blocksTouched = 0

  /** `clock` is read only for entries with an expiry. */
  constructor(private readonly clock: Pick<Clock, 'wallMs'> = systemClock) {}

  /** Requires: `key[0, keyLength)` stays unchanged until the lookup ends. */
  start(key: Buffer, keyLength: number, visibleSequence: number, mayRead: boolean): void {
    this.key = key
    this.keyLength = keyLength
    this.hash = hashBytes(key, 0, keyLength)
    this.keyedUnder = 0
    this.visibleSequence = visibleSequence
    this.mayRead = mayRead
    this.state = LookupState.searching
    this.coveringSequence = 0
    this.missing = undefined
    this.blocksTouched = 0
  }

  /**
   * The hash of the key in filters with this secret, or with none (0). Computed once for all tables
   * that were written under the same secret.
   */
  hashUnder(secret: number): number {
    if (secret === 0) return this.hash
    if (secret !== this.keyedUnder) {
      this.keyed = keyedHash(this.key, 0, this.keyLength, secret)
      this.keyedUnder = secret
    }
    return this.keyed
  }

  /** Whether the lookup found a value that no range tombstone deletes. Requires: not blocked. */
  get hasValue(): boolean {
    return (
      this.state === LookupState.found &&
      this.kind === ValueKind.put &&
      !isCovered(this.sequence, this.coveringSequence)
    )
  }

  /** Whether the next older memtable or table must be read. False when blocked. */
  get needsOlder(): boolean {
    return (
      this.state !== LookupState.blocked &&
      !isDecided(this.state === LookupState.found, this.coveringSequence)
    )
  }

  found(
    kind: number,
    sequence: number,
    valueBytes: Buffer,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.state = LookupState.found
    this.kind = kind
    this.sequence = sequence
    this.valueBytes = valueBytes
    this.valueStart = valueStart
    this.valueEnd = valueEnd
    if (kind === ValueKind.putWithExpiry) this.applyExpiry()
  }

  /** A range tombstone with this sequence (0: none) covers the key. */
  cover(sequence: number): void {
    if (sequence > this.coveringSequence) this.coveringSequence = sequence
  }

  block(missing: MissingPiece): void {
    this.state = LookupState.blocked
    this.missing = missing
  }

  private applyExpiry(): void {
    if (hasExpired(this.valueBytes, this.valueStart, this.clock.wallMs())) return
    this.kind = ValueKind.put
    this.valueStart += expiryBytes
  }
}
