import { createHash } from 'node:crypto'
import { Oracle, type OracleState, type Write } from '../../kit/oracle.js'

/**
 * - `pending`: started, not settled.
 * - `refused`: failed without leaving a trace.
 * - `unknown`: failed, and may or may not have reached the disk.
 */
type Outcome = 'pending' | 'acknowledged' | 'refused' | 'unknown'

interface IssuedWrite {
  readonly writes: readonly Write[]
  /** When the write started, in milliseconds since 1970. */
  readonly atMs: number
  outcome: Outcome
}

/** The states allowed after a crash: those after `atLeast` to `atMost` writes, in order. */
export interface Expectation {
  readonly atLeast: number
  readonly atMost: number
}

/** The entries of all keyspaces by name (see `nameOf`), in the order of names. */
export type NamedEntries = Iterable<readonly [string, Uint8Array]>

/**
 * All writes that a client started, in order, with the outcome of each.
 *
 * Owned by: a simulation. Invariant: a crash leaves the state after a prefix of the writes. Only
 * refused writes may be missing from that prefix.
 */
export class History {
  private readonly issued: IssuedWrite[] = []
  private readonly states: OracleState[] = [new Oracle().state]
  /** Whether writes with an unknown outcome may be found, because they could not be undone. */
  mayLinger = false
  private acknowledgedCount = 0
  private durableCount = 0

  get issuedCount(): number {
    return this.issued.length
  }

  /** Returns the number of the write, counting from 1. */
  begin(writes: readonly Write[], atMs: number): number {
    return this.issued.push({ writes, atMs, outcome: 'pending' })
  }

  /** A durable write makes all earlier ones durable. */
  acknowledge(number: number, isDurable: boolean): void {
    this.issued[number - 1].outcome = 'acknowledged'
    this.acknowledgedCount = Math.max(this.acknowledgedCount, number)
    if (isDurable) this.markDurable(number)
  }

  refuse(number: number, outcome: 'refused' | 'unknown'): void {
    this.issued[number - 1].outcome = outcome
    if (outcome === 'refused') this.states.length = Math.min(this.states.length, number)
  }

  /** Of the first `count` writes, the acknowledged ones now survive power loss. */
  markDurable(count = this.acknowledgedCount): void {
    this.durableCount = Math.max(this.durableCount, count)
  }

  isAcknowledged(number: number): boolean {
    return this.issued[number - 1].outcome === 'acknowledged'
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

  /** The state that reads see while no write is pending, before expiry. */
  visible(): OracleState {
    const count = this.issued.findLastIndex(({ outcome }) => outcome === 'acknowledged') + 1
    return this.stateAfter(count)
  }

  /**
   * Returns the number of writes after which `entries` are the state at `nowMs`, or undefined if no
   * allowed state matches.
   */
  find(entries: NamedEntries, { atLeast, atMost }: Expectation, nowMs: number): number | undefined {
    const found = fingerprintOf(entries)
    for (let count = Math.min(atMost, this.issued.length); count >= atLeast; count--) {
      if (fingerprintAt(this.stateAfter(count), nowMs) === found) return count
    }
    return undefined
  }

  /** The history to continue with after a crash left exactly the first `count` writes. */
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

  /** Numbers of the pending writes. */
  get underWay(): number[] {
    return this.issued.flatMap(({ outcome }, i) => (outcome === 'pending' ? [i + 1] : []))
  }

  /**
   * The histories that a crash may reveal while the writes `underWay` are pending. Writes refused
   * since then may have been in the log briefly, before the log was truncated. A pending drop may
   * be lost while later writes are found, because it is logged in the MANIFEST.
   */
  *possible(underWay: readonly number[]): Generator<History> {
    yield this
    for (const drop of underWay) {
      if (this.isDrop(drop)) yield this.withoutDrop(drop)
    }
    for (const first of underWay) {
      if (this.issued[first - 1].outcome === 'refused') yield this.withRefused(first, underWay)
    }
  }

  private isDrop(number: number): boolean {
    return this.issued[number - 1].writes[0].type === 'drop'
  }

  private withoutDrop(drop: number): History {
    const other = this.upTo(drop - 1)
    for (const [i, write] of this.issued.entries()) {
      if (i < drop - 1) continue
      other.issued.push(i === drop - 1 ? { ...write, outcome: 'refused' } : write)
    }
    other.acknowledgedCount = this.acknowledgedCount
    other.durableCount = this.durableCount
    return other
  }

  /** A copy in which the refused writes of `underWay`, from `first` on, count as written. */
  private withRefused(first: number, underWay: readonly number[]): History {
    const other = this.upTo(first - 1)
    for (const [i, write] of this.issued.entries()) {
      if (i < first - 1) continue
      const wasPending = write.outcome === 'refused' && underWay.includes(i + 1)
      other.issued.push(wasPending ? { ...write, outcome: 'pending' } : write)
    }
    return other
  }

  /** Describes the entries for the message of a failure. */
  describe(entries: NamedEntries, { atLeast, atMost }: Expectation, nowMs: number): string {
    const found = fingerprintOf(entries)
    const before = this.find(entries, { atLeast: 0, atMost: atLeast - 1 }, nowMs)
    if (before !== undefined) return `the state after ${before} writes, not ${atLeast} to ${atMost}`
    const keys = [...entries].map(([name]) => name)
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

/** The last fingerprint of each state, with its time. */
const fingerprints = new WeakMap<OracleState, { nowMs: number; fingerprint: string }>()

function fingerprintAt(state: OracleState, nowMs: number): string {
  const known = fingerprints.get(state)
  if (known !== undefined && (known.nowMs === nowMs || state.expiries.size === 0)) {
    return known.fingerprint
  }
  const entries = [...state.at(nowMs).entries].sort(([a], [b]) => (a < b ? -1 : 1))
  const fingerprint = fingerprintOf(entries)
  fingerprints.set(state, { nowMs, fingerprint })
  return fingerprint
}

function fingerprintOf(entries: NamedEntries): string {
  const hash = createHash('sha1')
  const lengths = Buffer.alloc(8)
  for (const [name, value] of entries) {
    const key = Buffer.from(name)
    lengths.writeUInt32LE(key.length, 0)
    lengths.writeUInt32LE(value.length, 4)
    hash.update(lengths).update(key).update(value)
  }
  return hash.digest('hex').slice(0, 16)
}
