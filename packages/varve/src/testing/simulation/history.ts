import { createHash } from 'node:crypto'
import { latin1 } from '../comparison.js'
import { Oracle, type OracleState, type Write } from '../oracle.js'

/**
 * - `pending`: begun, and nothing heard of it.
 * - `refused`: failed, and promised to have left no trace.
 * - `unknown`: refused by a database that did not know whether it had reached the disk.
 */
type Outcome = 'pending' | 'acknowledged' | 'refused' | 'unknown'

interface IssuedWrite {
  readonly writes: readonly Write[]
  outcome: Outcome
}

/** Which states may be found after a crash: those after so many of the writes, in their order. */
export interface Expectation {
  readonly atLeast: number
  readonly atMost: number
}

type Entries = Iterable<readonly [Uint8Array, Uint8Array]>

/**
 * All writes that a client began, in their order, and what it was told of each.
 *
 * Owned by: a simulation. What a crash left must be the state after some of them, from the first on,
 * without a gap (but for those that were refused).
 */
export class History {
  private readonly issued: IssuedWrite[] = []
  private readonly states: { state: OracleState; fingerprint: string }[] = []
  /** Whether writes that were refused because nobody knew may be found: they could not be taken back. */
  mayLinger = false
  private acknowledgedCount = 0
  private durableCount = 0

  constructor() {
    this.pushState(new Oracle().state)
  }

  get issuedCount(): number {
    return this.issued.length
  }

  /** Returns the number of the write, counted from 1. */
  begin(writes: readonly Write[]): number {
    return this.issued.push({ writes, outcome: 'pending' })
  }

  /** Everything up to a durable write is durable. */
  acknowledge(number: number, isDurable: boolean): void {
    this.issued[number - 1].outcome = 'acknowledged'
    this.acknowledgedCount = Math.max(this.acknowledgedCount, number)
    if (isDurable) this.markDurable(number)
  }

  refuse(number: number, outcome: 'refused' | 'unknown'): void {
    this.issued[number - 1].outcome = outcome
    if (outcome === 'refused') this.states.length = Math.min(this.states.length, number)
  }

  /** The first `count` writes survive power loss, as far as they were acknowledged. */
  markDurable(count = this.acknowledgedCount): void {
    this.durableCount = Math.max(this.durableCount, count)
  }

  get hasUnknown(): boolean {
    return this.issued.some(({ outcome }) => outcome === 'unknown')
  }

  get acknowledged(): number {
    return this.acknowledgedCount
  }

  afterPowerLoss(): Expectation {
    return { atLeast: this.durableCount, atMost: this.issued.length }
  }

  afterKill(): Expectation {
    const unknown = this.issued.findIndex(({ outcome }) => outcome === 'unknown')
    const isGone = unknown >= 0 && !this.mayLinger
    return { atLeast: this.acknowledgedCount, atMost: isGone ? unknown : this.issued.length }
  }

  /** What reads see while nothing is under way. */
  visible(): OracleState {
    const count = this.issued.findLastIndex(({ outcome }) => outcome === 'acknowledged') + 1
    return this.stateAfter(count).state
  }

  /** After how many writes `entries` are what is there; undefined when that is none of the expected. */
  find(entries: Entries, { atLeast, atMost }: Expectation): number | undefined {
    const found = fingerprintOf(entries)
    for (let count = Math.min(atMost, this.issued.length); count >= atLeast; count--) {
      if (this.stateAfter(count).fingerprint === found) return count
    }
    return undefined
  }

  /** What to go on with where the first `count` writes, and no others, were found. */
  upTo(count: number): History {
    const next = new History()
    for (const { writes, outcome } of this.issued.slice(0, count)) {
      next.issued.push({ writes, outcome: outcome === 'refused' ? 'refused' : 'acknowledged' })
    }
    next.states.push(...this.states.slice(1, count + 1))
    next.acknowledgedCount = count
    next.durableCount = Math.min(this.durableCount, count)
    next.mayLinger = this.mayLinger
    return next
  }

  /** As it is now: a write that is under way stays so, whatever is heard of it later. */
  copy(): History {
    const copy = new History()
    copy.issued.push(...this.issued.map((write) => ({ ...write })))
    copy.states.push(...this.states.slice(1))
    copy.acknowledgedCount = this.acknowledgedCount
    copy.durableCount = this.durableCount
    copy.mayLinger = this.mayLinger
    return copy
  }

  /** In words, for a failure. */
  describe(entries: Entries, { atLeast, atMost }: Expectation): string {
    const found = fingerprintOf(entries)
    const before = this.find(entries, { atLeast: 0, atMost: atLeast - 1 })
    if (before !== undefined) return `the state after ${before} writes, not ${atLeast} to ${atMost}`
    const keys = [...entries].map(([key]) => latin1(key))
    const expected = [...this.stateAfter(atMost).state.entries.keys()]
    const missing = expected.filter((key) => !keys.includes(key))
    const extra = keys.filter((key) => !expected.includes(key))
    return (
      `a state (${found}) after none of ${atLeast} to ${atMost} writes; compared to the last: ` +
      `missing ${JSON.stringify(missing)}, not written ${JSON.stringify(extra)}`
    )
  }

  private stateAfter(count: number): { state: OracleState; fingerprint: string } {
    while (this.states.length <= count) {
      const { writes, outcome } = this.issued[this.states.length - 1]
      const { state } = this.states[this.states.length - 1]
      const oracle = new Oracle(state.entries)
      if (outcome !== 'refused') oracle.write(writes)
      this.pushState(oracle.state)
    }
    return this.states[count]
  }

  private pushState(state: OracleState): void {
    const entries = state.scan().map(([key, value]) => [Buffer.from(key, 'latin1'), value] as const)
    this.states.push({ state, fingerprint: fingerprintOf(entries) })
  }
}

function fingerprintOf(entries: Entries): string {
  const hash = createHash('sha1')
  const lengths = Buffer.alloc(8)
  for (const [key, value] of entries) {
    lengths.writeUInt32LE(key.length, 0)
    lengths.writeUInt32LE(value.length, 4)
    hash.update(lengths).update(key).update(value)
  }
  return hash.digest('hex').slice(0, 16)
}
