import type { Memory } from '../base/memory.js'

/**
 * The input of a flush or compaction: the entries of all its sources in order, user keys ascending,
 * the versions of a key from the newest to the oldest. Duplicates in several sources are all
 * returned.
 *
 * Owned by: the job, which closes it.
 */
export interface JobInput {
  /** The next entry, beginning with the first. Undefined at the end, also when called again. */
  next(): InputEntry | undefined
  close(): void
}

/** An entry in place. Valid until the next call of `next`, which reuses the object. */
export interface InputEntry {
  /** Holds the key in `[keyStart, keyEnd)` and the value right after it, up to `valueEnd`. */
  readonly memory: Memory
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueEnd: number
  readonly sequence: number
  /** A ValueKind, except rangeDelete. */
  readonly kind: number
  /** Whether the user key differs from that of the entry before. */
  readonly isNewKey: boolean
  /** `hashBytes` of the user key. */
  hash(): number
  /** Copies key and value to `target` at `at`. May also overwrite the three bytes after them. */
  copyTo(target: Memory, at: number): void
}

/** A copy of the user key. */
export function keyOf({ memory, keyStart, keyEnd }: InputEntry): Buffer {
  return Buffer.from(memory.bytes.subarray(keyStart, keyEnd))
}
