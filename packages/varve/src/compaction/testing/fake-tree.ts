import assert from 'node:assert/strict'
import type { Prng } from '../../base/prng.js'
import { rangeContains } from '../../key/key-range.js'
import { LevelsBuilder } from '../../version/levels-builder.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { fakeTable, fakeVersion } from '../../version/testing/fake-tables.js'
import { Version } from '../../version/version.js'
import type { CompactionSpec } from '../pickers/compaction-spec.js'

export const keyCount = 400
const entriesPerTable = 10
const entryBytes = 10
export const fakeTableBytes = entriesPerTable * entryBytes

interface Entry {
  readonly sequence: number
  readonly isDelete: boolean
}
type Content = ReadonlyMap<number, Entry>

/**
 * A tree on paper: real keys and sequences, compacted as jobs would, without a file. Builds its
 * Versions from edits, as the engine does, so that a run or level out of order fails at once.
 *
 * Owned by: a test of pickers.
 */
export class FakeTree {
  version: Version = fakeVersion([])
  readonly running: CompactionSpec[] = []
  /** Goes on with each flush. */
  nowMs = 1
  /** Sequence of the oldest snapshot: deletes above it stay. */
  snapshot = Infinity
  private readonly newest = new Map<number, Entry>()
  private readonly contents = new Map<number, Content>()
  private fileNumber = 0
  private sequence = 0

  constructor(private readonly prng: Prng) {}

  get busy(): Set<number> {
    const inputs = this.running.flatMap((spec) => spec.inputs.flatMap(({ tables }) => tables))
    return new Set(inputs.map((table) => table.fileNumber))
  }

  get lastSequence(): number {
    return this.sequence
  }

  /** Adds a table of a few random writes to level 0. */
  flush(): void {
    const { prng } = this
    this.nowMs++
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
    const { busy } = this
    for (const { tables } of spec.inputs) {
      assert.ok(tables.length > 0 && tables.every((table) => !busy.has(table.fileNumber)))
    }
    this.running.push(spec)
  }

  /** Installs one of the running compactions, whichever. */
  finishOne(): CompactionSpec {
    const [spec] = this.running.splice(this.prng.below(this.running.length), 1)
    const { outputLevel: level, outputRun: run } = spec
    const deleted = spec.inputs.flatMap((input) =>
      input.tables.map(({ fileNumber }) => ({ level: input.level, fileNumber })),
    )
    const outputs = this.outputsOf(spec)
    const added = outputs.map((table) => ({ level, table: { ...table, run } }))
    this.change(deleted, added)
    return spec
  }

  /** Every key must have the value written last, or be absent if tables were dropped. */
  check(mayBeGone = false): void {
    for (let key = 0; key < keyCount; key++) {
      const expected = this.newest.get(key)
      const found = this.find(key)
      if (mayBeGone && found === undefined) continue
      if (expected === undefined || expected.isDelete) {
        assert.ok(found === undefined || found.isDelete, `key ${key} has come back`)
      } else {
        assert.equal(found?.sequence, expected.sequence, `key ${key}`)
      }
    }
  }

  private outputsOf(spec: CompactionSpec): readonly TableMetadata[] {
    if (spec.kind === 'drop') return []
    return spec.kind === 'move' ? spec.inputs.flatMap(({ tables }) => tables) : this.merge(spec)
  }

  private find(key: number): Entry | undefined {
    const bytes = Buffer.from(keyOf(key))
    const { levels, runs } = this.version
    const places = [
      ...levels[0].filter((table) => rangeContains(table.range, bytes)),
      ...runs.map((run) => run.tableAt(bytes, 0, bytes.length)),
    ]
    for (const table of places) {
      const entry = table && this.contents.get(table.fileNumber)!.get(key)
      if (entry !== undefined) return entry
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
      .filter(([key, { isDelete, sequence }]) => {
        if (!isDelete || sequence > this.snapshot) return true
        const bytes = Buffer.from(keyOf(key))
        return spec.deeperRanges.some((range) => rangeContains(range, bytes))
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
      writtenAtMs: this.nowMs,
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

function keyOf(key: number): string {
  return String(key).padStart(4, '0')
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}
