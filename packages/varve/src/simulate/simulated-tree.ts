import type { Compaction } from '../compaction/pickers/compaction-options.js'
import { type CompactionSpec, maxGrandparentTables } from '../compaction/pickers/compaction-spec.js'
import { noConditions } from '../compaction/pickers/pick-conditions.js'
import { pickCompaction } from '../compaction/pickers/pick-compaction.js'
import {
  type FilterBudget,
  filterBitsOfFlush,
  filterBitsOfMerge,
} from '../compaction/jobs/filter-allocation.js'
import type { KeyRange } from '../key/key-range.js'
import { assert } from '../base/assert.js'
import { LevelsBuilder } from '../version/levels-builder.js'
import { type TableMetadata, totalBytes } from '../version/table-metadata.js'
import { emptyLevels, Version } from '../version/version.js'
import { isDelete, keyOf, type KeyList, mergeLists } from './key-lists.js'

interface TreeSizes extends FilterBudget {
  readonly entryBytes: number
  readonly tableBytes: number
}

/** What a table has from the job that writes it. */
interface TableOrigin {
  readonly writtenAtMs: number
  /** Of filter, for each key. */
  readonly bits: number
  /** The first and the last flush that it has entries of. */
  readonly sequences: readonly [number, number]
}

/** What a read of a key costs. */
export interface SimulatedRead {
  /** The newest entry of the key. */
  readonly entry: number | undefined
  /** Tables asked up to the one that has it. */
  readonly asked: number
  /** Tables that let an absent key pass, on average. */
  readonly letThrough: number
  /** Other tables that would let a key pass which none of them holds. */
  readonly letAbsentThrough: number
}

/** Share of absent keys that a Bloom filter lets through, for each bit that a key has in it. */
const falsePositivesPerBit = 0.6185

/**
 * A tree without files: its tables are lists of keys, but its Versions, edits and compactions are
 * those of the engine. Compactions take no time.
 *
 * Owned by: a simulation.
 */
export class SimulatedTree {
  version = new Version(0, emptyLevels)
  flushedBytes = 0
  compactedBytes = 0
  flushes = 0
  readonly compactions = { merge: 0, move: 0, drop: 0 }
  /** What one compaction read at most. */
  largestInputBytes = 0
  /** What there was on disk at most, with the inputs and outputs of a compaction side by side. */
  peakBytes = 0
  private readonly contents = new Map<number, KeyList>()
  /** By number of a table: share of absent keys that its filter lets through. */
  private readonly falsePositives = new Map<number, number>()
  private fileNumber = 0
  private nowMs = 1

  constructor(
    public compaction: Compaction,
    private readonly sizes: TreeSizes,
  ) {}

  get bytes(): number {
    return totalBytes(this.version.levels.flat())
  }

  /** Writes a list to level 0. */
  flush(list: KeyList): void {
    const { version, compaction, sizes } = this
    const flushBytes = list.length * sizes.entryBytes
    const bits = filterBitsOfFlush(version, compaction, sizes, flushBytes)
    const sequence = this.flushes + 1
    const table = this.newTable(list, { writtenAtMs: 0, bits, sequences: [sequence, sequence] })
    this.change([], [{ level: 0, table }])
    this.flushes++
    this.flushedBytes += table.sizeBytes
    this.peakBytes = Math.max(this.peakBytes, this.bytes)
  }

  /** Runs one compaction; false when none is due. */
  compact(): boolean {
    const spec = this.next()
    if (spec === undefined) return false
    this.run(spec)
    return true
  }

  /** The compaction that is due beside the running ones. */
  next(running: readonly CompactionSpec[] = []): CompactionSpec | undefined {
    const inputs = running.flatMap((spec) => spec.inputs.flatMap(({ tables }) => tables))
    const busy = new Set(inputs.map(({ fileNumber }) => fileNumber))
    const { tableBytes } = this.sizes
    const conditions = { ...noConditions, running, busy, tableBytes, nowMs: ++this.nowMs }
    return pickCompaction(this.version, this.compaction, conditions)
  }

  /** Replaces the inputs of a compaction with its outputs. */
  run(spec: CompactionSpec): void {
    const inputs = spec.inputs.flatMap(({ tables }) => tables)
    this.compactions[spec.kind]++
    if (spec.kind === 'merge') this.merge(spec, inputs)
    else this.replace(spec, spec.kind === 'move' ? inputs : [])
    for (const { fileNumber } of spec.kind === 'move' ? [] : inputs) {
      this.contents.delete(fileNumber)
      this.falsePositives.delete(fileNumber)
    }
  }

  find(key: number): SimulatedRead {
    const read = { entry: undefined as number | undefined, asked: 0, letThrough: 0 }
    let letAbsentThrough = 0
    for (const { fileNumber } of this.tablesOver(keyBytes(key))) {
      const falsePositives = this.falsePositives.get(fileNumber)!
      letAbsentThrough += falsePositives
      if (read.entry !== undefined) continue
      read.asked++
      const list = this.contents.get(fileNumber)!
      const entry = list[firstFrom(list, key)] as number | undefined
      if (entry !== undefined && keyOf(entry) === key) read.entry = entry
      else read.letThrough += falsePositives
    }
    return { ...read, letAbsentThrough }
  }

  private *tablesOver(key: Buffer): Generator<TableMetadata> {
    const { levels, runs } = this.version
    for (const table of levels[0]) {
      const { start, end } = table.range
      if (Buffer.compare(start, key) <= 0 && Buffer.compare(key, end!) < 0) yield table
    }
    for (const run of runs) {
      const table = run.tableAt(key, 0, key.length)
      if (table !== undefined) yield table
    }
  }

  private merge(spec: CompactionSpec, inputs: readonly TableMetadata[]): void {
    const inputBytes = totalBytes(inputs)
    const runs = spec.inputs.flatMap(({ level, tables }) =>
      level === 0 ? tables.map((table) => [table]) : [tables],
    )
    const merged = mergeLists(runs.map((run) => this.listOf(run)))
    const kept = this.withoutDeletes(merged, spec.deeperRanges)
    const outputs = this.split(kept, spec, {
      writtenAtMs: this.nowMs,
      bits: filterBitsOfMerge(this.version, this.compaction, this.sizes, spec),
      sequences: [
        Math.min(...inputs.map(({ minSequence }) => minSequence)),
        Math.max(...inputs.map(({ maxSequence }) => maxSequence)),
      ],
    })
    const outputBytes = totalBytes(outputs)
    this.compactedBytes += outputBytes
    this.largestInputBytes = Math.max(this.largestInputBytes, inputBytes)
    this.peakBytes = Math.max(this.peakBytes, this.bytes + outputBytes)
    this.replace(spec, outputs)
  }

  private listOf(run: readonly TableMetadata[]): KeyList {
    const lists = run.map(({ fileNumber }) => this.contents.get(fileNumber)!)
    if (lists.length === 1) return lists[0]
    const whole = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0))
    let at = 0
    for (const list of lists) {
      whole.set(list, at)
      at += list.length
    }
    return whole
  }

  /** A delete goes where nothing older can be beneath. */
  private withoutDeletes(list: KeyList, older: readonly KeyRange[]): KeyList {
    if (!list.some(isDelete)) return list
    const ranges = older.map(({ start, end }) => [numberOf(start), numberOf(end!)] as const)
    ranges.sort(([a], [b]) => a - b)
    let next = 0
    let reach = 0
    return list.filter((entry) => {
      const key = keyOf(entry)
      for (; next < ranges.length && ranges[next][0] <= key; next++) {
        reach = Math.max(reach, ranges[next][1])
      }
      return !isDelete(entry) || key < reach
    })
  }

  private split(
    list: KeyList,
    { grandparents }: CompactionSpec,
    origin: TableOrigin,
  ): TableMetadata[] {
    const { entryBytes, tableBytes } = this.sizes
    const perTable = Math.ceil(tableBytes / entryBytes)
    const ends = grandparents.map(({ range }) => numberOf(range.end!))
    const tables: TableMetadata[] = []
    let grandparent = 0
    let from = 0
    while (from < list.length) {
      let to = Math.min(from + perTable, list.length)
      let met = 0
      for (; grandparent < ends.length; grandparent++) {
        if (to === list.length || ends[grandparent] > keyOf(list[to])) break
        met += grandparents[grandparent].sizeBytes
        if (met <= maxGrandparentTables * tableBytes) continue
        to = Math.max(from + 1, firstFrom(list, ends[grandparent++]))
        break
      }
      tables.push(this.newTable(list.slice(from, to), origin))
      from = to
    }
    return tables
  }

  private newTable(list: KeyList, { writtenAtMs, bits, sequences }: TableOrigin): TableMetadata {
    const fileNumber = ++this.fileNumber
    this.contents.set(fileNumber, list)
    this.falsePositives.set(fileNumber, falsePositivesPerBit ** bits)
    let deleteCount = 0
    for (let i = 0; i < list.length; i++) deleteCount += list[i] & 1
    return {
      fileNumber,
      run: 0,
      writtenAtMs,
      sizeBytes: list.length * this.sizes.entryBytes,
      range: { start: keyBytes(keyOf(list[0])), end: keyBytes(keyOf(list[list.length - 1]) + 1) },
      minSequence: sequences[0],
      maxSequence: sequences[1],
      entryCount: list.length,
      deleteCount,
      rangeDeleteCount: 0,
      expiringCount: 0,
      lastExpiryMs: 0,
      shadowedCount: 0,
      shadowedBytes: 0,
      oldestShadowed: 0,
      newestShadowing: 0,
      keyBytes: 0,
      valueBytes: 0,
    }
  }

  private replace(spec: CompactionSpec, outputs: readonly TableMetadata[]): void {
    const { inputs, outputLevel: level, outputRun: run } = spec
    const deleted = inputs.flatMap((input) =>
      input.tables.map(({ fileNumber }) => ({ level: input.level, fileNumber })),
    )
    const added = outputs.map((table) => ({ level, table: { ...table, run } }))
    this.change(deleted, added)
  }

  private change(
    deleted: readonly { level: number; fileNumber: number }[],
    added: readonly { level: number; table: TableMetadata }[],
  ): void {
    const fail = (problem: string): never => assert(false, problem) as never
    const builder = new LevelsBuilder(fail, this.version.levels)
    for (const change of deleted) builder.delete({ keyspace: 0, ...change })
    for (const change of added) builder.add({ keyspace: 0, ...change })
    this.version = new Version(0, builder.build())
  }
}

/** Index of the first entry with a key from `key` on. */
function firstFrom(list: KeyList, key: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyOf(list[middle]) < key) low = middle + 1
    else high = middle
  }
  return low
}

function keyBytes(key: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(key)
  return bytes
}

function numberOf(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32BE()
}
