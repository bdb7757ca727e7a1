import type { BatchShare, WriteBatch } from '../../batch/write-batch.js'
import type { Scheduler } from '../../compaction/schedule/scheduler.js'
import { memTableBytes } from '../../memtable/memtable.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { Tree } from '../../tree/tree.js'
import { defaultKeyspace } from '../../version/version-edit.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import { LogPins } from './log-pins.js'
import { MemtableBudget } from './memtable-budget.js'
import { SharedBacklog } from './shared-backlog.js'
import type { PressingTree } from './write-stalls.js'

/** Fill of the memory for memtables at which the next memtable is prepared. */
const preparedFill = 0.5
/**
 * A keyspace is flushed when it keeps logs of this many times `memtableBytes` from being deleted.
 */
const maxPinnedMemtables = 4

interface RotationParts {
  readonly log: WriteAheadLog
  readonly trees: TreeRegistry
  readonly scheduler: Scheduler
  /** Bytes that all active memtables together may hold. */
  readonly memtableBytes: number
  /** The logs that were replayed, oldest first. */
  readonly replayed: readonly { readonly logNumber: number; readonly sizeBytes: number }[]
  /** Throws LOCKED if the directory has another owner. */
  readonly newLogNumber: () => number
}

/**
 * Seals memtables and starts the next log, always both together, so that a flushed memtable frees
 * whole logs. All keyspaces share one budget. When it is used up, the largest memtables are sealed.
 *
 * Owned by: the commit pipeline.
 *
 * Invariant: while the default keyspace is the only one, no other memtable is examined.
 */
export class Rotation {
  /** Whether the next memtables have their memory and flushes have a thread. */
  private isPrepared = false
  private readonly budget = new MemtableBudget()
  private readonly pins: LogPins
  private readonly mainOnly: readonly PressingTree[]
  private readonly backlog: PressingTree

  constructor(private readonly parts: RotationParts) {
    const { log, trees, memtableBytes, replayed } = parts
    this.backlog = new SharedBacklog(trees, this.budget, memtableBytes)
    for (const tree of trees.filled) this.budget.add(tree, tree.activeBytes)
    this.pins = new LogPins(maxPinnedMemtables * memtableBytes, replayed)
    this.pins.begin(log.logNumber, 0)
    this.mainOnly = [trees.main]
  }

  /** Whether memtables must be sealed to make room for the batch. */
  isNeededFor(batch: WriteBatch): boolean {
    const { payloadBytes, count, shares } = batch
    const { main } = this.parts.trees
    if (shares === undefined) {
      if (!main.hasRoomFor(payloadBytes, count)) return true
      return this.budget.totalBytes > 0 && this.isOverBudget(batch)
    }
    return this.isOverBudget(batch) || this.treesWithoutRoom(batch, shares).length > 0
  }

  /** Makes room for the batch. */
  makeRoomFor(batch: WriteBatch): void {
    if (!this.isPrepared) this.prepare()
    if (this.isNeededFor(batch)) this.seal(this.treesToSeal(batch), batch)
    if (batch.shares !== undefined) this.growFor(batch.shares)
  }

  /** Seals the memtables that are not empty, or only that of one tree, for their flush. */
  sealFilled(only?: Tree): void {
    const { trees } = this.parts
    if (only !== undefined) {
      if (only.activeBytes > 0) this.seal(new Set([only]), undefined)
    } else if (trees.hasUnflushed) this.seal(new Set(trees.unflushed()), undefined)
  }

  /**
   * The trees that may hold back the batch: those that it writes to, and those with sealed
   * memtables.
   */
  pressing(batch: WriteBatch): readonly PressingTree[] {
    const { trees } = this.parts
    if (trees.isSingle) return this.mainOnly
    const { shares } = batch
    const pressing: PressingTree[] = [this.backlog]
    if (shares === undefined || mainShare(batch, shares).operations > 0) pressing.push(trees.main)
    for (const keyspace of shares?.keys() ?? []) pressing.push(trees.get(keyspace)!)
    return pressing
  }

  /** Removes a dropped tree. */
  forget(tree: Tree): void {
    this.budget.release(tree)
  }

  /**
   * Prepares the next rotation, one step per commit, from half-way on. Without this, the commit
   * that fills a memtable would touch fresh memory, start a thread, and block the event loop longer
   * than any other.
   */
  private prepare(): void {
    const { trees, scheduler, memtableBytes } = this.parts
    const { main } = trees
    if (main.activeFill >= preparedFill) {
      if (main.prepareRotation()) return
    } else if (this.budget.totalBytes < preparedFill * memtableBytes) return
    this.isPrepared = true
    scheduler.prepare()
  }

  private isOverBudget({ payloadBytes, count }: WriteBatch): boolean {
    const activeBytes = this.parts.trees.main.activeBytes + this.budget.totalBytes
    const neededBytes = memTableBytes(payloadBytes, count)
    return activeBytes > 0 && activeBytes + neededBytes > this.parts.memtableBytes
  }

  /** Trees whose memtable can neither take their part of the batch nor grow for it. */
  private treesWithoutRoom(
    batch: WriteBatch,
    shares: ReadonlyMap<number, BatchShare> | undefined,
  ): Tree[] {
    const { trees } = this.parts
    const { payloadBytes, operations } = mainShare(batch, shares)
    const without: Tree[] = []
    if (operations > 0 && !trees.main.hasRoomFor(payloadBytes, operations)) without.push(trees.main)
    for (const [keyspace, share] of shares ?? []) {
      const tree = trees.get(keyspace)!
      if (!tree.canGrowFor(share.payloadBytes, share.operations)) without.push(tree)
    }
    return without
  }

  private treesToSeal(batch: WriteBatch): Set<Tree> {
    const { trees, memtableBytes } = this.parts
    const chosen = new Set(this.treesWithoutRoom(batch, batch.shares))
    const bytesOf = (tree: Tree): number =>
      tree === trees.main ? tree.activeBytes : this.budget.heldBy(tree)
    let leftBytes = trees.main.activeBytes + this.budget.totalBytes
    for (const tree of chosen) leftBytes -= bytesOf(tree)
    const neededBytes = memTableBytes(batch.payloadBytes, batch.count)
    const bySize = [trees.main, ...this.budget.trees()].sort((a, b) => bytesOf(b) - bytesOf(a))
    for (const tree of bySize) {
      if (leftBytes === 0 || leftBytes + neededBytes <= memtableBytes) break
      if (chosen.has(tree)) continue
      chosen.add(tree)
      leftBytes -= bytesOf(tree)
    }
    return chosen
  }

  private seal(chosen: Set<Tree>, batch: WriteBatch | undefined): void {
    const { log, trees, scheduler, newLogNumber } = this.parts
    log.rotate(newLogNumber())
    this.pins.begin(log.logNumber, log.appendedBytes)
    this.addPinning(chosen)
    for (const tree of chosen) {
      const isMain = tree.keyspace === defaultKeyspace
      const next = isMain && batch !== undefined ? mainShare(batch, batch.shares) : nothing
      trees.rotate(tree, next.payloadBytes, next.operations)
      this.budget.release(tree)
    }
    this.isPrepared = false
    scheduler.pump()
  }

  /** Adds the trees that keep too many bytes of logs from being deleted. */
  private addPinning(chosen: Set<Tree>): void {
    const { log, trees } = this.parts
    if (trees.isSingle) return
    const firstLog = this.pins.firstAffordableLog(log.appendedBytes)
    for (const tree of trees.unflushed()) {
      const pinned = tree.firstActiveLog
      if (pinned !== undefined && pinned < firstLog) chosen.add(tree)
    }
  }

  private growFor(shares: ReadonlyMap<number, BatchShare>): void {
    const { trees } = this.parts
    for (const [keyspace, { payloadBytes, operations }] of shares) {
      const tree = trees.get(keyspace)!
      if (!tree.hasRoomFor(payloadBytes, operations)) tree.growFor(payloadBytes, operations)
      trees.noteWritten(tree)
      tree.writtenBytes += payloadBytes
      this.budget.add(tree, memTableBytes(payloadBytes, operations))
    }
  }
}

const nothing: BatchShare = { payloadBytes: 0, operations: 0 }

/** The default keyspace's share of a batch. */
function mainShare(
  { payloadBytes, count }: WriteBatch,
  shares: ReadonlyMap<number, BatchShare> | undefined,
): BatchShare {
  const rest = { payloadBytes, operations: count }
  for (const share of shares?.values() ?? []) {
    rest.payloadBytes -= share.payloadBytes
    rest.operations -= share.operations
  }
  return rest
}
