import type { BatchReader } from '../batch/batch-reader.js'
import type { FilterAllocation } from '../compaction/jobs/filter-allocation.js'
import { candidateFor } from '../compaction/pickers/adaptive/adaptive-policy.js'
import type { CompactionSetting, WriteLimits } from '../compaction/pickers/compaction-options.js'
import { DeletedStretches } from '../iterator/deleted-stretches.js'
import type { VisibleIterator } from '../iterator/visible-iterator.js'
import { type KeyRange, rangeContainsSlice, rangeHoldsRange } from '../key/key-range.js'
import { maxSequence } from '../key/limits.js'
import type { PointLookup } from '../entry/point-lookup.js'
import { ValueKind } from '../key/value-kind.js'
import { type MemTable, memTableBytes } from '../memtable/memtable.js'
import type { CodecsByLevel } from '../sstable/block/block-codec.js'
import type { TableCache } from '../sstable/table-cache.js'
import type { TableMetadata } from '../version/table-metadata.js'
import type { Version } from '../version/version.js'
import { defaultKeyspace } from '../version/version-edit.js'
import type { ArenaPool } from './arena-pool.js'
import { type CompactionHost, TreeCompaction } from './tree-compaction.js'
import { MemTables, type MemTableSlot } from './memtables.js'
import { ReadState } from './read-state.js'
import { TreeWalks, type WalkOptions } from './tree-walks.js'

export interface TreeOptions {
  readonly memtableBytes: number
  readonly blockBytes: number
  readonly tableBytes: number
  readonly filterBitsPerKey: number
  readonly filterAllocation: FilterAllocation
  readonly codec: LevelCodecs
  readonly paranoid: boolean
  /** The policy that the tree begins with, or `adaptive`, which chooses one. */
  readonly compaction: CompactionSetting
}

/** Names of the codecs of the tables that a flush or merge writes, by their level. */
export type LevelCodecs = Readonly<Required<CodecsByLevel>>

/** The parts of the database that a tree needs. */
export interface TreeHost extends CompactionHost {
  readonly tables: TableCache
  /** Arenas with the full size of a memtable. */
  readonly arenas: ArenaPool
  currentVersion(keyspace: number): Version
  /** Under which filters hash keys; 0: none. */
  readonly filterSecret: number
}

/**
 * One LSM tree, the data of one keyspace: memtables above, tables on levels below.
 *
 * Owned by: the Database, on its thread. Lives: as long as it is open. Writes come from the commit
 * pipeline, already logged. Flushes and compactions are described in tree-jobs.ts.
 *
 * Invariant 1: places are searched from the newest to the oldest, and all versions of a key in an
 * older place have lower sequences than those in a newer one. Invariant 2: when a memtable or a
 * table is added or removed, `state` is replaced, never changed.
 */
export class Tree {
  state: ReadState
  /** Table blocks that point reads have searched. */
  blocksTouched = 0
  /**
   * Bytes of the operations that room was made for since open. Not counted for the default
   * keyspace.
   */
  writtenBytes = 0
  readonly compaction: TreeCompaction
  private settings: TreeOptions
  private life: 'open' | 'dropped' | 'closing' | 'closed' = 'open'
  private readonly memtables: MemTables
  private readonly deletedStretches = new DeletedStretches()
  private readonly walks: TreeWalks

  constructor(
    readonly keyspace: number,
    options: TreeOptions,
    private readonly host: TreeHost,
  ) {
    this.settings = options
    const { compaction: setting, tableBytes } = options
    const first =
      setting.policy === 'adaptive' ? candidateFor(setting, this.currentVersion()) : setting
    this.compaction = new TreeCompaction(first, tableBytes, host)
    this.memtables = new MemTables(host.arenas, keyspace !== defaultKeyspace)
    this.walks = new TreeWalks(host.tables, this.deletedStretches)
    this.state = this.newState()
  }

  /** Under which the filters of new tables hash keys; 0: none. */
  get filterSecret(): number {
    return this.host.filterSecret
  }

  get options(): TreeOptions {
    return this.settings
  }

  /** Applies to jobs that start from now on. The policy is set separately. */
  set options(options: TreeOptions) {
    this.settings = options
  }

  /** Whether the keyspace is dropped or being dropped: no job begins, and running jobs are void. */
  get isDropped(): boolean {
    return this.life !== 'open'
  }

  set isDropped(isDropped: boolean) {
    this.life = isDropped ? 'dropped' : 'open'
    // Jobs that ended meanwhile did not show their results to readers.
    if (!isDropped) this.refresh()
  }

  /** Excludes spare arenas. */
  get memoryBytes(): number {
    return this.memtables.memoryBytes
  }

  get sealedCount(): number {
    return this.memtables.sealed.length
  }

  /** Share of the active memtable that is in use, 0 to 1. */
  get activeFill(): number {
    const { usedBytes, capacityBytes } = this.memtables.active.memtable
    return usedBytes / capacityBytes
  }

  get activeBytes(): number {
    return this.memtables.active.memtable.usedBytes
  }

  /** Bytes of the entries that wait to be flushed. */
  get sealedBytes(): number {
    return this.memtables.sealed.reduce((sum, { memtable }) => sum + memtable.usedBytes, 0)
  }

  get hasTables(): boolean {
    return this.state.version.tableCount > 0
  }

  /**
   * Highest sequence in a table; 0 if there is no table. All entries up to it are in tables or were
   * dropped.
   */
  get maxTableSequence(): number {
    return maxSequenceOf(this.state.version)
  }

  get level0Count(): number {
    return this.state.version.levels[0].length
  }

  /** Tables of level 0, with a fraction, that running merges have already read. */
  get mergedLevel0(): number {
    return this.compaction.mergedLevel0
  }

  /** Bytes that compactions must rewrite until no level is over its limit. */
  get debtBytes(): number {
    return this.compaction.debtBytes(this.state.version)
  }

  /** The amounts of pending compaction work at which writes are held back. */
  get stallThresholds(): WriteLimits {
    return this.compaction.stallThresholds
  }

  get hasUnflushed(): boolean {
    return this.hasUnflushedBefore(maxSequence)
  }

  /** The first log with an entry that is in no table; undefined if there is none. */
  get firstUnflushedLog(): number | undefined {
    return this.memtables.firstLogWithout(undefined)
  }

  /** The first log with an entry of the active memtable; undefined if the memtable is empty. */
  get firstActiveLog(): number | undefined {
    const { memtable, firstLogNumber } = this.memtables.active
    return memtable.isEmpty ? undefined : firstLogNumber
  }

  /** Whether an entry with a sequence ≤ `sequence` is not in a table yet. */
  hasUnflushedBefore(sequence: number): boolean {
    return [this.memtables.active, ...this.memtables.sealed].some(
      ({ memtable }) => !memtable.isEmpty && memtable.minSequence <= sequence,
    )
  }

  /** Whether operations that take `payloadBytes` in the log fit into the active memtable. */
  hasRoomFor(payloadBytes: number, operations: number): boolean {
    return this.memtables.active.memtable.hasRoom(memTableBytes(payloadBytes, operations))
  }

  /** Whether these operations fit after `growFor`. */
  canGrowFor(payloadBytes: number, operations: number): boolean {
    return this.memtables.canGrow(memTableBytes(payloadBytes, operations))
  }

  /** Replaces the active memtable with a larger one that has room for these operations. */
  growFor(payloadBytes: number, operations: number): void {
    this.memtables.grow(memTableBytes(payloadBytes, operations))
    this.refresh()
  }

  /** Prepares memory for the next memtable. Returns false if there is nothing to do. */
  prepareRotation(): boolean {
    return this.memtables.prepareRotation()
  }

  /** Seals the active memtable for its flush. The next one has room for these operations. */
  rotate(payloadBytes: number, operations: number): void {
    this.memtables.rotate(memTableBytes(payloadBytes, operations))
    this.refresh()
  }

  /**
   * Adds the current operation of `group`. Requires: it fits; it is logged in `logNumber`.
   */
  apply(group: BatchReader, logNumber: number): void {
    const slot = this.memtables.active
    // No branch here: it would be taken once for each memtable, and V8 would deoptimize each time.
    slot.firstLogNumber = slot.memtable.isEmpty ? logNumber : slot.firstLogNumber
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = group
    if (group.kind === ValueKind.rangeDelete) {
      const end = group.unbounded ? null : bytes.subarray(valueStart, valueEnd)
      slot.memtable.insertRangeDelete(group.sequence, bytes.subarray(keyStart, keyEnd), end)
      return
    }
    this.deletedStretches.written(group.sequence, group.kind, bytes, keyStart, keyEnd)
    slot.memtable.insert(
      group.sequence,
      group.kind,
      bytes,
      keyStart,
      keyEnd,
      bytes,
      valueStart,
      valueEnd,
    )
  }

  /** Runs a point read on `state`. The result is in `lookup`, unless a block is missing. */
  get(lookup: PointLookup, state: ReadState = this.state): void {
    askMemTable(state.memtable, lookup)
    for (let i = 0; i < state.immutables.length && lookup.needsOlder; i++) {
      askMemTable(state.immutables[i], lookup)
    }
    if (lookup.needsOlder) this.askTables(state.version, lookup)
    this.blocksTouched += lookup.blocksTouched
  }

  /**
   * Iterates over the entries that a reader sees in a range. Retains the read state until it is
   * closed.
   */
  walk(options: WalkOptions): VisibleIterator {
    return this.walks.walk(this.state, options)
  }

  /** Bytes that tables spend on a range, to the nearest block. Rejects with CORRUPTION, IO. */
  async tableBytesIn(range: KeyRange): Promise<number> {
    const state = this.state.retain()
    try {
      let sum = 0
      for (const level of state.version.levels.keys()) {
        for (const table of state.version.overlapping(level, range)) {
          sum += rangeHoldsRange(range, table.range)
            ? table.sizeBytes
            : await this.host.tables.read(table, (reader) => reader.dataBytesIn(range))
        }
      }
      return sum
    } finally {
      state.release()
    }
  }

  /** The sealed memtable to flush next, unless one is being flushed. */
  nextToFlush(): MemTableSlot | undefined {
    return this.memtables.oldestUnflushed()
  }

  /** The first log that this tree needs once the memtable of `slot` is in a table. */
  firstLogAfterFlush(slot: MemTableSlot): number | undefined {
    return this.memtables.firstLogWithout(slot)
  }

  /** Drops a flushed memtable. Requires: its entries are in a table of the current Version. */
  flushed(slot: MemTableSlot): void {
    this.memtables.removeFlushed(slot)
    // The Version of a dropped keyspace may have been released.
    if (!this.isDropped) this.refresh()
  }

  /** Makes the current tables and memtables visible to readers. */
  refresh(): void {
    const old = this.state
    this.state = this.newState()
    old.release()
  }

  currentVersion(): Version {
    return this.host.currentVersion(this.keyspace)
  }

  /** Releases everything. Requires: no readers are left. */
  close(): void {
    this.life = 'closed'
    this.state.release()
  }

  /**
   * Releases everything when no job reads it. Iterators keep what they read. Requires: `isDropped`.
   */
  closeAfterJobs(): void {
    this.life = 'closing'
    this.jobEnded()
  }

  /** Called when a job of the tree ends. */
  jobEnded(): void {
    const isBusy = this.memtables.isFlushing || this.compaction.isRunning
    if (this.life === 'closing' && !isBusy) this.close()
  }

  private askTables(version: Version, lookup: PointLookup): void {
    const { key, keyLength } = lookup
    for (const table of version.levels[0]) {
      if (!rangeContainsSlice(table.range, key, 0, keyLength)) continue
      this.askTable(table, lookup)
      if (!lookup.needsOlder) return
    }
    for (const run of version.runs) {
      const table = run.tableAt(key, 0, keyLength)
      if (table === undefined) continue
      this.askTable(table, lookup)
      if (!lookup.needsOlder) return
    }
  }

  private askTable(table: TableMetadata, lookup: PointLookup): void {
    const { tables } = this.host
    const reader = tables.find(table)
    if (reader === undefined) {
      lookup.block(tables.missing(table))
      return
    }
    if (table.rangeDeleteCount > 0) {
      const { key, keyLength, visibleSequence } = lookup
      const { rangeTombstones } = reader
      lookup.cover(rangeTombstones.coveringSequence(key, 0, keyLength, visibleSequence))
    }
    if (table.entryCount > 0) reader.get(lookup)
  }

  private newState(): ReadState {
    const { active, sealed } = this.memtables
    const immutables = sealed.map((slot) => slot.memtable)
    for (const memtable of [active.memtable, ...immutables]) this.memtables.retain(memtable)
    return new ReadState(active.memtable, immutables, this.currentVersion(), (state) => {
      this.memtables.release(state.memtable)
      for (const memtable of state.immutables) this.memtables.release(memtable)
    })
  }
}

function maxSequenceOf({ levels }: Version): number {
  let highest = 0
  for (const tables of levels) {
    for (const { maxSequence: last } of tables) highest = Math.max(highest, last)
  }
  return highest
}

function askMemTable(memtable: MemTable, lookup: PointLookup): void {
  lookup.cover(memtable.coveringSequence(lookup))
  memtable.get(lookup)
}
