import {
  type Compaction,
  noStallThresholds,
  type StallThresholds,
} from '../compaction/pickers/compaction-options.js'
import { compactionDebtBytes } from '../compaction/pickers/compaction-scores.js'
import type { CompactionSpec } from '../compaction/pickers/compaction-spec.js'
import { pickCompaction } from '../compaction/pickers/pick-compaction.js'
import type { TableCache } from '../sstable/table-cache.js'
import type { Version } from '../version/version.js'
import { RangeDeleteSurvey } from './range-delete-survey.js'

/** What choosing a compaction needs of the database. */
export interface CompactionHost {
  readonly tables: TableCache
  /** Sequences of the live snapshots, ascending. */
  snapshotSequences(): number[]
  /** Wall-clock time in milliseconds since 1970. */
  wallMs(): number
  /** Called when more is known about the tables than at the last choice. */
  compactionMayBeDue(): void
}

/** Checks of table ages within `maxTableAgeMs`, but at most one a second. */
const checksPerAge = 10
const minCheckMs = 1000

/**
 * The policy of a tree, and the facts that it needs beside the Version to choose a compaction.
 *
 * Owned by: the Tree. The policy may be replaced at any time: running compactions continue, and the
 * new policy chooses the next one.
 */
export class TreeCompaction {
  /** Numbers of all inputs of running compactions. */
  readonly busy = new Set<number>()
  private readonly running = new Set<CompactionSpec>()
  /** By table: reads that searched it and found nothing. */
  private readonly vainReads = new Map<number, number>()
  private readonly rangeDeletes: RangeDeleteSurvey
  /** The Version that `debt` is about. */
  private indebted: Version | undefined
  private debt = 0

  constructor(
    private inForce: Compaction,
    private readonly tableBytes: number,
    private readonly host: CompactionHost,
  ) {
    this.rangeDeletes = new RangeDeleteSurvey(host.tables, () => host.compactionMayBeDue())
  }

  get isRunning(): boolean {
    return this.running.size > 0
  }

  /** The policy in force, with its thresholds. */
  get current(): Compaction {
    return this.inForce
  }

  set current(policy: Compaction) {
    this.inForce = policy
    this.indebted = undefined
  }

  get stallThresholds(): StallThresholds {
    return this.inForce.policy === 'fifo' ? noStallThresholds : this.inForce
  }

  /** When to ask `next` again though nothing has changed but the time; Infinity: never. */
  checkAfterMs(version: Version): number {
    const { inForce } = this
    const ageMs = inForce.policy === 'fifo' ? inForce.maxAgeMs : inForce.maxTableAgeMs
    const expiryMs =
      inForce.policy === 'fifo' ? Infinity : untilNextExpiry(version, this.host.wallMs())
    return Math.max(minCheckMs, Math.min(ageMs / checksPerAge, expiryMs))
  }

  /** Bytes that compactions would have to rewrite until no level asks any more. */
  debtBytes(version: Version): number {
    if (version !== this.indebted) {
      this.indebted = version
      this.debt = compactionDebtBytes(version, this.inForce)
    }
    return this.debt
  }

  next(version: Version): CompactionSpec | undefined {
    return pickCompaction(version, this.inForce, {
      running: [...this.running],
      busy: this.busy,
      tableBytes: this.tableBytes,
      nowMs: this.host.wallMs(),
      snapshots: this.host.snapshotSequences(),
      rangeDeletes: this.rangeDeletes.of(version),
      readsInVain: this.readsInVain(version),
    })
  }

  /** A compaction runs, until `ended`. */
  begun(spec: CompactionSpec): void {
    this.running.add(spec)
    for (const { tables } of spec.inputs) {
      for (const { fileNumber } of tables) this.busy.add(fileNumber)
    }
  }

  ended(spec: CompactionSpec): void {
    this.running.delete(spec)
    for (const { tables } of spec.inputs) {
      for (const { fileNumber } of tables) this.busy.delete(fileNumber)
    }
  }

  /** `reads` have searched a table since it was opened, and found nothing. */
  readInVain(fileNumber: number, reads: number): void {
    this.vainReads.set(fileNumber, reads)
  }

  /** Tables that are gone are forgotten before they outnumber those that are there. */
  private readsInVain(version: Version): ReadonlyMap<number, number> {
    const { vainReads } = this
    if (vainReads.size > version.tableCount) {
      const live = new Set(version.levels.flat().map(({ fileNumber }) => fileNumber))
      for (const fileNumber of vainReads.keys()) {
        if (!live.has(fileNumber)) vainReads.delete(fileNumber)
      }
    }
    return vainReads
  }
}

/** The time until every entry of one more table has expired; Infinity if none will. */
function untilNextExpiry({ levels }: Version, nowMs: number): number {
  let untilMs = Infinity
  for (const { expiringCount, lastExpiryMs } of levels.flat()) {
    if (expiringCount > 0 && lastExpiryMs > nowMs) untilMs = Math.min(untilMs, lastExpiryMs - nowMs)
  }
  return untilMs
}
