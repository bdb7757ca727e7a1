import { Prng } from '../base/prng.js'
import type { CompactionPolicy } from '../compaction/pickers/compaction-options.js'
import { levelStates } from '../compaction/pickers/compaction-scores.js'
import { type SimulatedChange, SimulatedChoice } from './simulated-choice.js'
import { entryOf, WriteBuffer } from './key-lists.js'
import {
  type ResolvedSimulation,
  resolveSimulation,
  type SimulateOptions,
} from './simulate-options.js'
import { type SimulatedRead, SimulatedTree } from './simulated-tree.js'

/**
 * What came out of it. Compactions are free: each flush finds all those done that the last made
 * due.
 */
export interface Simulation {
  readonly policy: CompactionPolicy
  /** What 'adaptive' did. */
  readonly policyChanges: readonly SimulatedChange[]
  /** Of the records, of what followed, and of both. */
  readonly phases: readonly SimulatedPhase[]
  readonly levels: readonly SimulatedLevel[]
  readonly compactions: { readonly merge: number; readonly move: number; readonly drop: number }
  readonly flushes: number
  /** What one compaction read at most, in bytes. */
  readonly largestCompactionBytes: number
}

/** A stretch of the writes, and what it cost. */
export interface SimulatedPhase {
  readonly name: 'records' | 'overwrites'
  readonly writes: number
  /** Bytes to log, level 0 and by compactions for each byte written. */
  readonly writeAmplification: number
  /**
   * Bytes in tables for each byte of the newest version of a record: after each flush and what it
   * made due, at the end, and at its highest, with the inputs and outputs of a compaction side by
   * side.
   */
  readonly spaceAmplification: {
    readonly mean: number
    readonly end: number
    readonly peak: number
  }
  /** For keys drawn at random, over the phase. */
  readonly reads: SimulatedReads
}

/** Means over the states after each flush and the compactions it made due. */
export interface SimulatedReads {
  /** Tables whose range holds the key, up to the one that has it. */
  readonly tablesAsked: number
  /**
   * Blocks looked into, by what filters let pass that have their bits as the engine allots them:
   * for a key that is there, and for one beside it that is not.
   */
  readonly blocksWhenFound: number
  readonly blocksWhenAbsent: number
  /** Sorted runs that a scan of everything merges, the tables of level 0 included. */
  readonly runs: number
}

/** A level at the end. */
export interface SimulatedLevel {
  readonly level: number
  readonly runs: number
  readonly tables: number
  readonly entries: number
  readonly sizeBytes: number
  /** 0: not measured by its size. */
  readonly targetBytes: number
  readonly score: number
}

/** Reads tried after each flush. */
const readsPerFlush = 50

/**
 * Runs a policy over made-up writes, in memory and without values: the tree that it makes, how much
 * it writes for that, and what reads of it cost. Takes some 10 bytes of memory for each record; ten
 * million take seconds.
 *
 * @throws INVALID_ARGUMENT
 */
export function simulate(options: SimulateOptions = {}): Simulation {
  const simulator = new Simulator(resolveSimulation(options))
  simulator.writeRecords()
  simulator.overwrite()
  return simulator.result()
}

/** One run of `simulate`. Owned by: that call. */
class Simulator {
  private readonly random: Prng
  private readonly tree: SimulatedTree
  private readonly choice: SimulatedChoice
  private readonly memtable: WriteBuffer
  private readonly isLive: Uint8Array
  private liveCount = 0
  private writesSinceFlush = 0
  private readonly phases: SimulatedPhase[] = []
  private moments = new Moments()

  constructor(private readonly options: ResolvedSimulation) {
    this.random = new Prng(options.seed)
    this.choice = new SimulatedChoice(options)
    this.tree = new SimulatedTree(this.choice.current, options)
    this.memtable = new WriteBuffer(Math.ceil(options.memtableBytes / options.entryBytes))
    this.isLive = new Uint8Array(options.records)
  }

  writeRecords(): void {
    const { records, order } = this.options
    const keys = Uint32Array.from({ length: records }, (_, i) => i)
    if (order === 'random') shuffle(keys, this.random)
    this.phase('records', records, (i) => this.write(keys[i], false))
  }

  overwrite(): void {
    const { records, overwrites, deletes } = this.options
    const { random } = this
    if (overwrites === 0) return
    this.phase('overwrites', overwrites, () =>
      this.write(random.below(records), deletes > 0 && random.chance(deletes)),
    )
  }

  result(): Simulation {
    const { version, compaction, compactions, flushes, largestInputBytes } = this.tree
    return {
      policy: this.options.compaction.policy,
      policyChanges: this.choice.changes,
      phases: this.phases,
      levels: levelStates(version, compaction).map((state, level) => ({
        level,
        runs: level === 0 ? version.levels[0].length : version.runsOf(level).length,
        tables: version.levels[level].length,
        entries: version.levels[level].reduce((sum, { entryCount }) => sum + entryCount, 0),
        sizeBytes: version.levelBytes(level),
        ...state,
      })),
      compactions,
      flushes,
      largestCompactionBytes: largestInputBytes,
    }
  }

  private phase(name: SimulatedPhase['name'], writes: number, write: (i: number) => void): void {
    const { tree } = this
    const { entryBytes } = this.options
    const before = tree.flushedBytes + tree.compactedBytes
    this.moments = new Moments()
    for (let i = 0; i < writes; i++) write(i)
    this.flush()
    const { count, space, peak, runs, asked, letThrough, letAbsentThrough } = this.moments
    const userBytes = writes * entryBytes
    const written = userBytes + tree.flushedBytes + tree.compactedBytes - before
    const reads = count * readsPerFlush
    this.phases.push({
      name,
      writes,
      writeAmplification: written / userBytes,
      spaceAmplification: { mean: space / count, end: tree.bytes / this.liveBytes, peak },
      reads: {
        tablesAsked: asked / reads,
        blocksWhenFound: 1 + letThrough / reads,
        blocksWhenAbsent: letAbsentThrough / reads,
        runs: runs / count,
      },
    })
  }

  private get liveBytes(): number {
    return Math.max(1, this.liveCount) * this.options.entryBytes
  }

  private write(key: number, isDelete: boolean): void {
    const live = isDelete ? 0 : 1
    this.liveCount += live - this.isLive[key]
    this.isLive[key] = live
    this.memtable.add(entryOf(key, isDelete))
    this.writesSinceFlush++
    if (this.memtable.isFull) this.flush()
  }

  private flush(): void {
    const { tree, random, options } = this
    tree.peakBytes = 0
    const isBesideReads = this.phases.length > 0
    this.choice.wrote(this.writesSinceFlush, isBesideReads, tree.bytes)
    this.writesSinceFlush = 0
    tree.compaction = this.choice.current
    if (!this.memtable.isEmpty) tree.flush(this.memtable.take())
    while (tree.compact());
    const { liveBytes, moments } = this
    const runs = tree.version.levels[0].length + tree.version.runs.length
    moments.add(tree.bytes / liveBytes, tree.peakBytes / liveBytes, runs)
    for (let i = 0; i < readsPerFlush; i++) moments.read(tree.find(random.below(options.records)))
  }
}

/** Sums of what is measured after each flush. */
class Moments {
  count = 0
  space = 0
  peak = 0
  runs = 0
  asked = 0
  letThrough = 0
  letAbsentThrough = 0

  add(space: number, peak: number, runs: number): void {
    this.count++
    this.space += space
    this.peak = Math.max(this.peak, peak)
    this.runs += runs
  }

  read({ asked, letThrough, letAbsentThrough }: SimulatedRead): void {
    this.asked += asked
    this.letThrough += letThrough
    this.letAbsentThrough += letAbsentThrough
  }
}

function shuffle(keys: Uint32Array, random: Prng): void {
  for (let i = keys.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const key = keys[i]
    keys[i] = keys[j]
    keys[j] = key
  }
}
