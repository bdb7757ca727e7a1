import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { rangeContains, wholeRange } from '../../key/key-range.js'
import { LevelsBuilder } from '../../version/levels-builder.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { fakeTable, fakeVersion } from '../../version/testing/fake-tables.js'
import { Version } from '../../version/version.js'
import { compactionScores } from './compaction-scores.js'
import type { CompactionSpec } from './compaction-spec.js'
import { defaultLeveledOptions, type LeveledOptions } from './leveled-options.js'
import { pickLeveled } from './leveled-picker.js'
import { pickManual } from './manual-picker.js'

const keyCount = 400
const entriesPerTable = 10
const entryBytes = 10
const tableBytes = entriesPerTable * entryBytes
const options: LeveledOptions = {
  ...defaultLeveledOptions,
  baseBytes: 3 * tableBytes,
  sizeRatio: 3,
  maxLevels: 5,
}
/** More compactions than this after one flush, and they run in circles. */
const maxPicksPerFlush = 200

interface Entry {
  readonly sequence: number
  readonly isDelete: boolean
}
type Content = ReadonlyMap<number, Entry>

/** A tree on paper: real keys and sequences, compacted as jobs would, without a file. */
class FakeTree {
  version: Version = fakeVersion([])
  readonly newest = new Map<number, Entry>()
  private readonly contents = new Map<number, Content>()
  private readonly running: CompactionSpec[] = []
  private fileNumber = 0
  private sequence = 0

  constructor(private readonly prng: Prng) {}

  get runningCount(): number {
    return this.running.length
  }

  get busy(): Set<number> {
    const inputs = this.running.flatMap((spec) => spec.inputs.flatMap(({ tables }) => tables))
    return new Set(inputs.map((table) => table.fileNumber))
  }

  flush(): void {
    const { prng } = this
    const content = new Map<number, Entry>()
    const low = prng.chance(0.3) ? prng.below(keyCount - 40) : 0
    const width = low > 0 ? 40 : keyCount
    for (let i = prng.between(1, 15); i > 0; i--) {
      const key = low + prng.below(width)
      const entry = { sequence: ++this.sequence, isDelete: prng.chance(0.3) }
      content.set(key, entry)
      this.newest.set(key, entry)
    }
    const keys = [...content.keys()].sort((a, b) => a - b)
    const table = this.newTable(content, keyOf(keys[0]), keyOf(keys.at(-1)! + 1))
    this.change([], [{ level: 0, table }])
  }

  start(spec: CompactionSpec): void {
    const busy = this.busy
    for (const { tables } of spec.inputs) {
      assert.ok(tables.length > 0 && tables.every((table) => !busy.has(table.fileNumber)))
    }
    this.running.push(spec)
  }

  finishOne(): void {
    const [spec] = this.running.splice(this.prng.below(this.running.length), 1)
    const source = spec.inputs[0].level
    const before = compactionScores(this.version, options)[source]
    const deleted = spec.inputs.flatMap(({ level, tables }) =>
      tables.map(({ fileNumber }) => ({ level, fileNumber })),
    )
    const outputs = spec.kind === 'move' ? spec.inputs[0].tables : this.merge(spec)
    this.change(
      deleted,
      outputs.map((table) => ({ level: spec.outputLevel, table })),
    )
    if (source === spec.outputLevel || source >= options.maxLevels - 1) return
    assert.ok(compactionScores(this.version, options)[source] < before, spec.reason)
  }

  /** Every key as a reader finds it must be what was written last. */
  check(): void {
    for (let key = 0; key < keyCount; key++) {
      const expected = this.newest.get(key)
      const found = this.find(key)
      if (expected === undefined || expected.isDelete)
        assert.ok(found === undefined || found.isDelete)
      else assert.equal(found?.sequence, expected.sequence)
    }
  }

  private find(key: number): Entry | undefined {
    const bytes = Buffer.from(keyOf(key))
    for (let level = 0; level < this.version.levels.length; level++) {
      const tables =
        level === 0
          ? this.version.levels[0].filter((table) => rangeContains(table.range, bytes))
          : [this.version.tableAt(level, bytes, 0, bytes.length)]
      for (const table of tables) {
        const entry = table && this.contents.get(table.fileNumber)!.get(key)
        if (entry !== undefined) return entry
      }
    }
    return undefined
  }

  /** Outputs cover the whole input range between them, as range deletes might make them. */
  private merge(spec: CompactionSpec): TableMetadata[] {
    const merged = new Map<number, Entry>()
    for (const table of spec.inputs.flatMap(({ tables }) => tables)) {
      for (const [key, entry] of this.contents.get(table.fileNumber)!) {
        if (entry.sequence > (merged.get(key)?.sequence ?? 0)) merged.set(key, entry)
      }
    }
    const kept = [...merged]
      .filter(([key, { isDelete }]) => {
        const bytes = Buffer.from(keyOf(key))
        return !isDelete || spec.deeperRanges.some((range) => rangeContains(range, bytes))
      })
      .sort(([a], [b]) => a - b)
    const outputs: TableMetadata[] = []
    for (let i = 0; i < kept.length; i += entriesPerTable) {
      const start = i === 0 ? textOf(spec.inputRange.start) : keyOf(kept[i][0])
      const next = kept[i + entriesPerTable]
      const end = next === undefined ? textOf(spec.inputRange.end!) : keyOf(next[0])
      outputs.push(this.newTable(new Map(kept.slice(i, i + entriesPerTable)), start, end))
    }
    return outputs
  }

  private newTable(content: Content, start: string, end: string): TableMetadata {
    const entries = [...content.values()]
    const fileNumber = ++this.fileNumber
    this.contents.set(fileNumber, content)
    return fakeTable(fileNumber, start, end, {
      sizeBytes: entries.length * entryBytes,
      entryCount: entries.length,
      deleteCount: entries.filter(({ isDelete }) => isDelete).length,
      minSequence: Math.min(...entries.map(({ sequence }) => sequence)),
      maxSequence: Math.max(...entries.map(({ sequence }) => sequence)),
    })
  }

  private change(
    deleted: readonly { level: number; fileNumber: number }[],
    added: readonly { level: number; table: TableMetadata }[],
  ): void {
    const builder = new LevelsBuilder((problem) => assert.fail(problem), this.version.levels)
    for (const change of deleted) builder.delete({ keyspace: 0, ...change })
    for (const change of added) builder.add({ keyspace: 0, ...change })
    this.version = new Version(0, builder.build())
  }
}

test('thousands of flushes and compactions keep every level disjoint and every key right', () => {
  for (let seed = 0; seed < 8; seed++) {
    const prng = new Prng(seed)
    const tree = new FakeTree(prng)
    const maxRunning = 1 + (seed % 3)
    try {
      for (let i = 0; i < 400; i++) {
        tree.flush()
        compactSome(tree, prng, maxRunning)
        if (i % 20 === 0) tree.check()
      }
      settle(tree)
      tree.check()
      compactAll(tree)
      tree.check()
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

/** Starts what can run and finishes some of it, so that compactions overlap with flushes. */
function compactSome(tree: FakeTree, prng: Prng, maxRunning: number): void {
  while (tree.runningCount < maxRunning) {
    const spec = pickLeveled(tree.version, options, tree.busy, tableBytes)
    if (spec === undefined) break
    tree.start(spec)
  }
  while (tree.runningCount > 0 && prng.chance(0.7)) tree.finishOne()
}

function settle(tree: FakeTree): void {
  while (tree.runningCount > 0) tree.finishOne()
  for (let picks = 0; ; picks++) {
    assert.ok(picks < maxPicksPerFlush, 'compactions do not come to an end')
    const spec = pickLeveled(tree.version, options, tree.busy, tableBytes)
    if (spec === undefined) break
    tree.start(spec)
    tree.finishOne()
  }
  assert.ok(compactionScores(tree.version, options).every((score) => score < 1))
}

/** As `compact()` does: afterwards one level holds everything, without a delete. */
function compactAll(tree: FakeTree): void {
  for (let level = 0; level <= Math.max(1, tree.version.deepestLevel()); level++) {
    const spec = pickManual(tree.version, wholeRange, level, tree.busy)
    assert.notEqual(spec, 'busy')
    if (spec === undefined || spec === 'busy') continue
    tree.start(spec)
    tree.finishOne()
  }
  const deepest = tree.version.deepestLevel()
  assert.equal(tree.version.levels[deepest].length, tree.version.tableCount)
  assert.ok(tree.version.levels[deepest].every((table) => table.deleteCount === 0))
}

function keyOf(key: number): string {
  return String(key).padStart(4, '0')
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}
