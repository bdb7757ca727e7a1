import { emptyBytes } from '../../base/bytes/bytes.js'
import { Memory } from '../../base/memory.js'
import type { InputEntry } from '../../entry/job-input.js'
import { MemoryEntry } from '../../entry/memory-entry.js'
import { hasExpired } from '../../entry/visibility.js'
import { ValueKind } from '../../key/value-kind.js'

/**
 * Replaces expired entries with deletes, so that `Survivors` only needs to handle deletes. A delete
 * that hides nothing is dropped; any other replaces the value.
 *
 *     stored                k#9 "a" until 5   k#4 "b"
 *     a job that runs at 4  k#9 "a" until 5   k#4 "b"
 *     a job that runs at 5  k#9(del)          k#4 "b"
 *
 * Owned by: one job. The time comes from its request.
 */
export class ExpiredEntries {
  private readonly tombstone = new MemoryEntry(new Memory(emptyBytes))

  constructor(private readonly nowMs: number) {
    this.tombstone.kind = ValueKind.delete
  }

  /**
   * Returns the entry, or a delete in its place. Valid as long as `entry` is. Requires: a put with
   * expiry.
   */
  resolve(entry: InputEntry): InputEntry {
    const { memory, keyEnd } = entry
    if (!hasExpired(memory.bytes, keyEnd, this.nowMs)) return entry
    const { tombstone } = this
    tombstone.memory = memory
    tombstone.keyStart = entry.keyStart
    tombstone.keyEnd = keyEnd
    tombstone.valueEnd = keyEnd
    tombstone.sequence = entry.sequence
    tombstone.isNewKey = entry.isNewKey
    return tombstone
  }
}
