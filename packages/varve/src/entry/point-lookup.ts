import { emptyBytes } from '../base/bytes.js'
import { type Clock, systemClock } from '../base/clock.js'
import { hashBytes } from '../base/hash.js'
import { expiryBytes } from '../key/expiry.js'
import { ValueKind } from '../key/value-kind.js'
import { hasExpired, isCovered, isDecided } from './visibility.js'

/** What a lookup learnt from the places it has asked so far. */
export const LookupState = {
  /** Nothing yet: ask the next older place. */
  searching: 0,
  /** `kind`, `sequence` and the value are set; nothing older matters, even if it has expired. */
  found: 1,
  /** A block is not in memory and the lookup may not wait: load `missing`, then start again. */
  blocked: 2,
} as const

/** A block that a lookup needs; `load` brings it into memory. */
export interface MissingBlock {
  load(): Promise<void>
}

/**
 * One point read on its way down the tree, newest place first. A single reusable object, so that a
 * read allocates only its result.
 *
 * Owned by: the Tree that asks. Lives: until the next `start` on the same object.
 * Invariant: once `coveringSequence` > 0, every older place holds only entries below it.
 */
export class PointLookup {
  /** The user key is `key[0, keyLength)`. */
  key: Buffer = emptyBytes
  keyLength = 0
  hash = 0
  /** Entries and range tombstones above this are not seen. */
  visibleSequence = 0
  /** False: set `blocked` instead of reading a block from the file. */
  mayRead = true

  state: number = LookupState.searching
  /** What is alive is a `put`, also when it will expire; `putWithExpiry` has expired. */
  kind = 0
  sequence = 0
  valueBytes: Buffer = emptyBytes
  valueStart = 0
  valueEnd = 0
  /** Highest visible range tombstone over the key in the places asked so far. */
  coveringSequence = 0
  missing: MissingBlock | undefined

  /** Data blocks looked into, for read amplification. */
  blocksTouched = 0

  /** `clock`: asked whenever an entry that expires is met. */
  constructor(private readonly clock: Pick<Clock, 'wallMs'> = systemClock) {}

  /** Requires: `key[0, keyLength)` stays unchanged until the lookup ends. */
  start(key: Buffer, keyLength: number, visibleSequence: number, mayRead: boolean): void {
    this.key = key
    this.keyLength = keyLength
    this.hash = hashBytes(key, 0, keyLength)
    this.visibleSequence = visibleSequence
    this.mayRead = mayRead
    this.state = LookupState.searching
    this.coveringSequence = 0
    this.missing = undefined
    this.blocksTouched = 0
  }

  /** Whether the lookup ended at a value that nothing deletes. Requires: not blocked. */
  get hasValue(): boolean {
    return (
      this.state === LookupState.found &&
      this.kind === ValueKind.put &&
      !isCovered(this.sequence, this.coveringSequence)
    )
  }

  /** Whether the next older place must be asked. False when blocked. */
  get goesOn(): boolean {
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
    if (kind === ValueKind.putWithExpiry) this.settleExpiry()
  }

  /** A range tombstone with this sequence (0: none) covers the key. */
  cover(sequence: number): void {
    if (sequence > this.coveringSequence) this.coveringSequence = sequence
  }

  block(missing: MissingBlock): void {
    this.state = LookupState.blocked
    this.missing = missing
  }

  private settleExpiry(): void {
    if (hasExpired(this.valueBytes, this.valueStart, this.clock.wallMs())) return
    this.kind = ValueKind.put
    this.valueStart += expiryBytes
  }
}
