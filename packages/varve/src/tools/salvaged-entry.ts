import { hashBytes } from '../base/hash.js'
import { Memory } from '../base/memory.js'
import type { InputEntry } from '../key/job-input.js'
import { EntryPlace } from '../sstable/entry-place.js'

/**
 * An entry of a block that a repair keeps, as a table writer takes it.
 *
 * Owned by: the copy of one block. Used again for each of its entries.
 */
export class SalvagedEntry implements InputEntry {
  readonly memory: Memory
  /** Never asked for: a table writer compares with the key before itself. */
  readonly isNewKey = true
  sequence = 0
  private readonly place = new EntryPlace()

  constructor(
    private readonly payload: Buffer,
    private readonly entriesEnd: number,
    private readonly baseSequence: number,
  ) {
    this.memory = new Memory(payload)
  }

  /** Goes to the entry at `offset` and gives where it ends. Requires: the block was checked. */
  at(offset: number): number {
    this.place.decode(this.payload, offset, this.entriesEnd)
    this.sequence = this.baseSequence + this.place.sequenceDelta
    return this.valueEnd
  }

  get keyStart(): number {
    return this.place.keyStart
  }

  get keyEnd(): number {
    return this.place.keyEnd
  }

  get valueEnd(): number {
    return this.place.valueEnd
  }

  get kind(): number {
    return this.place.kind
  }

  hash(): number {
    return hashBytes(this.payload, this.keyStart, this.keyEnd)
  }

  copyTo(target: Memory, at: number): void {
    this.payload.copy(target.bytes, at, this.keyStart, this.valueEnd)
  }
}
