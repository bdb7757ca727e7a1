import {
  type Compaction,
  noStallThresholds,
  type StallThresholds,
} from '../compaction/pickers/compaction-options.js'
import { compactionDebtBytes } from '../compaction/pickers/compaction-scores.js'
import type { CompactionSpec } from '../compaction/pickers/compaction-spec.js'
import { pickCompaction } from '../compaction/pickers/pick-compaction.js'
import type { Version } from '../version/version.js'

/** What choosing a compaction needs of the database. */
export interface CompactionHost {
  /** Wall-clock time in milliseconds since 1970. */
  wallMs(): number
}

/** Tables are looked at for their age so often within it, but not more often than once a second. */
const checksPerAge = 10
const minCheckMs = 1000

/**
 * The policy of a tree, and the tables that its running compactions read.
 *
 * Owned by: the Tree. The policy may be replaced at any time: what runs goes on, and the next compaction
 * is chosen by the new one.
 */
export class TreeCompaction {
  /** Numbers of all inputs of running compactions. */
  readonly busy = new Set<number>()
  private indebted: Version | undefined
  private debt = 0

  constructor(
    private inForce: Compaction,
    private readonly tableBytes: number,
    private readonly host: CompactionHost,
  ) {}

  /** The policy in force, with its thresholds. */
  get current(): Compaction {
    return this.inForce
  }

  set current(policy: Compaction) {
    this.inForce = policy
    this.indebted = undefined
  }

  get stallThresholds(): StallThresholds {
    return this.current.policy === 'fifo' ? noStallThresholds : this.current
  }

  /** How often to ask `next` though nothing has changed but the time; Infinity: never. */
  get checkEveryMs(): number {
    const ageMs = this.current.policy === 'fifo' ? this.current.maxAgeMs : Infinity
    return Math.max(minCheckMs, ageMs / checksPerAge)
  }

  /** Bytes that compactions would have to rewrite until no level asks any more. */
  debtBytes(version: Version): number {
    if (version !== this.indebted) {
      this.indebted = version
      this.debt = compactionDebtBytes(version, this.current)
    }
    return this.debt
  }

  next(version: Version): CompactionSpec | undefined {
    const { busy, tableBytes } = this
    return pickCompaction(version, this.current, { busy, tableBytes, nowMs: this.host.wallMs() })
  }
}
