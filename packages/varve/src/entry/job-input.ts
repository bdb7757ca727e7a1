import type { Memory } from '../base/memory.js'

/**
 * What a flush or compaction reads: the entries of all its sources in order, user keys ascending, the
 * versions of a key from the newest to the oldest. What several sources hold comes as often.
 *
 * Owned by: the job, which closes it.
 */
export interface JobInput {
  /** The first entry, then one after another; undefined at the end, and from then on. */
  next(): InputEntry | undefined
  close(): void
}

/** An entry, where it lies. Valid until the next one is asked for; the object is used again. */
export interface InputEntry {
  /** Holds the key in `[keyStart, keyEnd)` and the value right behind it, up to `valueEnd`. */
  readonly memory: Memory
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueEnd: number
  readonly sequence: number
  /** A ValueKind, except rangeDelete. */
  readonly kind: number
  /** Whether its user key is another than that of the entry before. */
  readonly isNewKey: boolean
  /** `hashBytes` of the user key. */
  hash(): number
  /** Copies key and value to `target`, from `at` on. May also write the three bytes behind them. */
  copyTo(target: Memory, at: number): void
}

/** A copy of the user key. */
export function keyOf({ memory, keyStart, keyEnd }: InputEntry): Buffer {
  return Buffer.from(memory.bytes.subarray(keyStart, keyEnd))
}
