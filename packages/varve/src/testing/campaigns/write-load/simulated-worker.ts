import {
  type Compaction,
  noStallThresholds,
  type WriteLimits,
} from '../../../compaction/pickers/compaction-options.js'
import { compactionDebtBytes } from '../../../compaction/pickers/compaction-scores.js'
import type { CompactionSpec } from '../../../compaction/pickers/compaction-spec.js'
import type { PressingTree } from '../../../db/write/write-stalls.js'
import { entryOf, WriteBuffer } from '../../../simulate/key-lists.js'
import { SimulatedTree } from '../../../simulate/simulated-tree.js'
import { totalBytes } from '../../../version/table-metadata.js'

interface Sizes {
  readonly entryBytes: number
  readonly memtableBytes: number
}

/** A merge, and how far it is. */
interface Merge {
  readonly spec: CompactionSpec
  readonly inputBytes: number
  doneBytes: number
}

/**
 * A tree, its memtables, and a background thread whose flushes and merges take time. Flushes go
 * first. A merge of level 0 may run beside another merge and then gets every second turn.
 */
export class SimulatedWorker implements PressingTree {
  endedJobs = 0
  readonly stallThresholds: WriteLimits
  private readonly tree: SimulatedTree
  private active: WriteBuffer
  private activeCount = 0
  private readonly sealed: WriteBuffer[] = []
  private flushedBytes = 0
  private readonly merges: Merge[] = []

  constructor(
    private readonly compaction: Compaction,
    private readonly sizes: Sizes,
  ) {
    this.stallThresholds = compaction.policy === 'fifo' ? noStallThresholds : compaction
    this.active = this.newBuffer()
    this.tree = new SimulatedTree(compaction, {
      ...sizes,
      tableBytes: sizes.memtableBytes / 2,
      filterBitsPerKey: 10,
      filterAllocation: 'monkey',
    })
  }

  get sealedCount(): number {
    return this.sealed.length
  }

  get activeFill(): number {
    return this.activeCount / this.capacity
  }

  get level0Count(): number {
    return this.tree.version.levels[0].length
  }

  get mergedLevel0(): number {
    let tables = 0
    for (const { spec, doneBytes, inputBytes } of this.merges) {
      const [input] = spec.inputs
      if (input.level === 0) tables += (input.tables.length * doneBytes) / inputBytes
    }
    return tables
  }

  private get mergedBytes(): number {
    return this.merges.reduce((sum, { doneBytes }) => sum + doneBytes, 0)
  }

  get debtBytes(): number {
    return compactionDebtBytes(this.tree.version, this.compaction)
  }

  /** Tables, unfinished outputs and logs. */
  get diskBytes(): number {
    const logs = (this.sealedCount + this.activeFill) * this.sizes.memtableBytes
    return this.tree.bytes + this.mergedBytes + this.flushedBytes + logs
  }

  hasRoomFor(entries: number): boolean {
    return this.activeCount + entries <= this.capacity
  }

  write(key: number): void {
    if (!this.hasRoomFor(1)) {
      this.sealed.push(this.active)
      this.active = this.newBuffer()
      this.activeCount = 0
    }
    this.active.add(entryOf(key, false))
    this.activeCount++
  }

  /** Does as much of the work as `bytes` says. */
  work(bytes: number): void {
    const left = this.flush(bytes)
    this.startMerges()
    for (const merge of [...this.merges]) this.advance(merge, left / this.merges.length)
  }

  private flush(bytes: number): number {
    if (this.sealed.length === 0) return bytes
    const { memtableBytes } = this.sizes
    const step = Math.min(bytes, memtableBytes - this.flushedBytes)
    this.flushedBytes += step
    if (this.flushedBytes === memtableBytes) {
      this.tree.flush(this.sealed.shift()!.take())
      this.flushedBytes = 0
      this.endedJobs++
    }
    return bytes - step
  }

  private startMerges(): void {
    while (this.merges.length < 2) {
      const spec = this.tree.next(this.merges.map((merge) => merge.spec))
      if (spec === undefined) return
      if (this.merges.length === 1 && !this.mayRunBeside(spec)) return
      const inputs = spec.inputs.flatMap(({ tables }) => tables)
      // A move takes a moment, too.
      const inputBytes = spec.kind === 'merge' ? totalBytes(inputs) : 1
      this.merges.push({ spec, inputBytes, doneBytes: 0 })
    }
  }

  private mayRunBeside(spec: CompactionSpec): boolean {
    return spec.inputs[0].level === 0 && this.level0Count >= this.stallThresholds.l0Slowdown
  }

  private advance(merge: Merge, bytes: number): void {
    merge.doneBytes = Math.min(merge.inputBytes, merge.doneBytes + bytes)
    if (merge.doneBytes < merge.inputBytes) return
    this.tree.run(merge.spec)
    this.merges.splice(this.merges.indexOf(merge), 1)
    this.endedJobs++
  }

  private newBuffer(): WriteBuffer {
    return new WriteBuffer(this.capacity)
  }

  private get capacity(): number {
    return Math.floor(this.sizes.memtableBytes / this.sizes.entryBytes)
  }
}
