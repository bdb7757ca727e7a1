import { createHash } from 'node:crypto'
import { latin1 } from '../../harness/comparison.js'
import { Oracle, type OracleState, type Write } from '../../kit/oracle.js'

/**
 * - `pending`: begun, and nothing heard of it.
 * - `refused`: failed, and promised to have left no trace.
 * - `unknown`: refused by a database that did not know whether it had reached the disk.
 */
type Outcome = 'pending' | 'acknowledged' | 'refused' | 'unknown'

interface IssuedWrite {
  readonly writes: readonly Write[]
  /** When it was begun, in milliseconds since 1970. */
  readonly atMs: number
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
  private readonly states: OracleState[] = [new Oracle().state]
  /** Whether writes that were refused because nobody knew may be found: they could not be taken back. */
  mayLinger = false
  private acknowledgedCount = 0
  private durableCount = 0

  get issuedCount(): number {
    return this.issued.length
  }

  /** Returns the number of the write, counted from 1. */
  begin(writes: readonly Write[], atMs: number): number {
    return this.issued.push({ writes, atMs, outcome: 'pending' })
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

  /** What reads see while nothing is under way, but for what has expired. */
  visible(): OracleState {
    const count = this.issued.findLastIndex(({ outcome }) => outcome === 'acknowledged') + 1
    return this.stateAfter(count)
  }

  /**
   * After how many writes `entries` are what is there at `nowMs`; undefined when that is none of the
   * expected.
   */
  find(entries: Entries, { atLeast, atMost }: Expectation, nowMs: number): number | undefined {
    const found = fingerprintOf(entries)
    for (let count = Math.min(atMost, this.issued.length); count >= atLeast; count--) {
      if (fingerprintAt(this.stateAfter(count), nowMs) === found) return count
    }
    return undefined
  }

  /** What to go on with where the first `count` writes, and no others, were found. */
  upTo(count: number): History {
    const next = new History()
    for (const { writes, atMs, outcome } of this.issued.slice(0, count)) {
      next.issued.push({
        writes,
        atMs,
        outcome: outcome === 'refused' ? 'refused' : 'acknowledged',
      })
    }
    next.states.push(...this.states.slice(1, count + 1))
    next.acknowledgedCount = count
    next.durableCount = Math.min(this.durableCount, count)
    next.mayLinger = this.mayLinger
    return next
  }

  /** Numbers of the writes of which nothing has been heard. */
  get underWay(): number[] {
    return this.issued.flatMap(({ outcome }, i) => (outcome === 'pending' ? [i + 1] : []))
  }

  /**
   * What may have been written while the writes `underWay` were. Those that have been refused since may
   * have lain at the end of the log for a moment, before they were cut off.
   */
  *possible(underWay: readonly number[]): Generator<History> {
    yield this
    for (const first of underWay) {
      if (this.issued[first - 1].outcome === 'refused') yield this.withRefused(first, underWay)
    }
  }

  /** As if those of the writes `underWay` that were refused had not been, from `first` on. */
  private withRefused(first: number, underWay: readonly number[]): History {
    const other = this.upTo(first - 1)
    for (const [i, write] of this.issued.entries()) {
      if (i < first - 1) continue
      const wasPending = write.outcome === 'refused' && underWay.includes(i + 1)
      other.issued.push(wasPending ? { ...write, outcome: 'pending' } : write)
    }
    return other
  }

  /** In words, for a failure. */
  describe(entries: Entries, { atLeast, atMost }: Expectation, nowMs: number): string {
    const found = fingerprintOf(entries)
    const before = this.find(entries, { atLeast: 0, atMost: atLeast - 1 }, nowMs)
    if (before !== undefined) return `the state after ${before} writes, not ${atLeast} to ${atMost}`
    const keys = [...entries].map(([key]) => latin1(key))
    const expected = [...this.stateAfter(atMost).at(nowMs).entries.keys()]
    const missing = expected.filter((key) => !keys.includes(key))
    const extra = keys.filter((key) => !expected.includes(key))
    return (
      `a state (${found}) after none of ${atLeast} to ${atMost} writes; compared to the last: ` +
      `missing ${JSON.stringify(missing)}, not written ${JSON.stringify(extra)}`
    )
  }

  private stateAfter(count: number): OracleState {
    while (this.states.length <= count) {
      const { writes, atMs, outcome } = this.issued[this.states.length - 1]
      const { entries, expiries } = this.states[this.states.length - 1]
      const oracle = new Oracle(entries, expiries)
      if (outcome !== 'refused') oracle.write(writes, atMs)
      this.states.push(oracle.state)
    }
    return this.states[count]
  }
}

/** Of each state that somebody asked about, at the time that was asked about last. */
const fingerprints = new WeakMap<OracleState, { nowMs: number; fingerprint: string }>()

function fingerprintAt(state: OracleState, nowMs: number): string {
  const known = fingerprints.get(state)
  if (known !== undefined && (known.nowMs === nowMs || state.expiries.size === 0)) {
    return known.fingerprint
  }
  const entries = state.at(nowMs).scan()
  const fingerprint = fingerprintOf(
    entries.map(([key, value]) => [Buffer.from(key, 'latin1'), value] as const),
  )
  fingerprints.set(state, { nowMs, fingerprint })
  return fingerprint
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
