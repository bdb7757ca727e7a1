import {
  type Compaction,
  noStallThresholds,
  type WriteLimits,
} from '../compaction/pickers/compaction-options.js'
import { compactionDebtBytes } from '../compaction/pickers/compaction-scores.js'
import type { CompactionSpec } from '../compaction/pickers/compaction-spec.js'
import { pickCompaction } from '../compaction/pickers/pick-compaction.js'
import { MergeProgress } from './merge-progress.js'
import type { TableCache } from '../sstable/table-cache.js'
import type { Version } from '../version/version.js'
import { RangeDeleteAnalysis } from './range-delete-analysis.js'

/** The parts of the database that are needed to choose a compaction. */
export interface CompactionHost {
  readonly tables: TableCache
  /** Sequences of the live snapshots, ascending. */
  snapshotSequences(): number[]
  /** Wall-clock time in milliseconds since 1970. */
  wallMs(): number
  /** Called when more is known about the tables than when a compaction was last chosen. */
  compactionMayBeDue(): void
}

/**
 * The number of times that a table's age is checked within `maxTableAgeMs`. At most once a second.
 */
const checksPerAge = 10
const minCheckMs = 1000

/**
 * The policy of a tree, and the facts besides the Version that it needs to choose a compaction.
 *
 * Owned by: the Tree. The policy may be replaced at any time: running compactions continue, and the
 * new policy chooses the next one.
 */
export class TreeCompaction {
  /** Numbers of all inputs of running compactions. */
  readonly busy = new Set<number>()
  private readonly running = new Map<CompactionSpec, MergeProgress>()
  /** For each table, the reads that searched it and found nothing. */
  private readonly fruitlessReads = new Map<number, number>()
  private readonly rangeDeletes: RangeDeleteAnalysis
  /** The Version that `debt` was computed for. */
  private debtVersion: Version | undefined
  private debt = 0

  constructor(
    private inForce: Compaction,
    private readonly tableBytes: number,
    private readonly host: CompactionHost,
  ) {
    this.rangeDeletes = new RangeDeleteAnalysis(host.tables, () => host.compactionMayBeDue())
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
    this.debtVersion = undefined
  }

  get stallThresholds(): WriteLimits {
    return this.inForce.policy === 'fifo' ? noStallThresholds : this.inForce
  }

  /**
   * Milliseconds until `next` may return a compaction though nothing has changed but the time;
   * Infinity if it never will.
   */
  checkAfterMs(version: Version): number {
    const { inForce } = this
    const ageMs = inForce.policy === 'fifo' ? inForce.maxAgeMs : inForce.maxTableAgeMs
    const expiryMs =
      inForce.policy === 'fifo' ? Infinity : untilNextExpiry(version, this.host.wallMs())
    return Math.max(minCheckMs, Math.min(ageMs / checksPerAge, expiryMs))
  }

  /** Bytes that compactions must rewrite until no level is over its limit. */
  debtBytes(version: Version): number {
    if (version !== this.debtVersion) {
      this.debtVersion = version
      this.debt = compactionDebtBytes(version, this.inForce)
    }
    return this.debt
  }

  /** Tables of level 0, with a fraction, that running merges have already read. */
  get mergedLevel0(): number {
    let tables = 0
    for (const merge of this.running.values()) tables += merge.level0Count * merge.share
    return tables
  }

  next(version: Version): CompactionSpec | undefined {
    return pickCompaction(version, this.inForce, {
      running: [...this.running.keys()],
      busy: this.busy,
      tableBytes: this.tableBytes,
      nowMs: this.host.wallMs(),
      snapshots: this.host.snapshotSequences(),
      rangeDeletes: this.rangeDeletes.of(version),
      fruitlessReads: this.currentFruitlessReads(version),
    })
  }

  /** Called when a compaction starts. It runs until `ended`. */
  begun(spec: CompactionSpec): void {
    this.running.set(spec, new MergeProgress(spec))
    for (const { tables } of spec.inputs) {
      for (const { fileNumber } of tables) this.busy.add(fileNumber)
    }
  }

  /** A running compaction has read this many entries so far. */
  progressed(spec: CompactionSpec, readEntries: number): void {
    this.running.get(spec)?.moveTo(readEntries)
  }

  ended(spec: CompactionSpec): void {
    this.running.delete(spec)
    for (const { tables } of spec.inputs) {
      for (const { fileNumber } of tables) this.busy.delete(fileNumber)
    }
  }

  /** Records that `reads` reads have searched a table since it was opened and found nothing. */
  noteFruitlessReads(fileNumber: number, reads: number): void {
    this.fruitlessReads.set(fileNumber, reads)
  }

  /** The counts by table. Drops those of deleted tables before they outnumber the others. */
  private currentFruitlessReads(version: Version): ReadonlyMap<number, number> {
    const { fruitlessReads } = this
    if (fruitlessReads.size > version.tableCount) {
      const live = new Set(version.levels.flat().map(({ fileNumber }) => fileNumber))
      for (const fileNumber of fruitlessReads.keys()) {
        if (!live.has(fileNumber)) fruitlessReads.delete(fileNumber)
      }
    }
    return fruitlessReads
  }
}

/** The time until the next table has only expired entries; Infinity if no table will. */
function untilNextExpiry({ levels }: Version, nowMs: number): number {
  let untilMs = Infinity
  for (const { expiringCount, lastExpiryMs } of levels.flat()) {
    if (expiringCount > 0 && lastExpiryMs > nowMs) untilMs = Math.min(untilMs, lastExpiryMs - nowMs)
  }
  return untilMs
}
