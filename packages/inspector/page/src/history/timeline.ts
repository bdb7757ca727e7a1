import type { PlacedTable, TreeEdit } from '../../../src/protocol/tree.js'
import { levelCount } from '../tree/layout.js'
import { applyEdit, type TreeTables } from '../source/tree-tables.js'

/** States kept between two checkpoints; more take less memory and make jumps slower. */
const stepsPerCheckpoint = 256
const maxShown = 4

/** A moment in the history of a tree. */
export interface Moment {
  readonly edit: TreeEdit
  /** Bytes of each level after the edit. */
  readonly levelBytes: readonly number[]
}

/**
 * Every state of a tree, by edits from an empty one. Any state is at most `stepsPerCheckpoint`
 * edits away from a checkpoint, so that a slider stays smooth over 100,000 edits.
 */
export class Timeline {
  readonly moments: Moment[] = []
  private readonly checkpoints: TreeTables[] = []
  private readonly latest = new Map<number, PlacedTable>()
  private readonly levelBytes = new Array<number>(levelCount).fill(0)
  /** The states that were returned last: playing goes on from one of them. */
  private readonly shown = new Map<number, TreeTables>()

  constructor(edits: Iterable<TreeEdit>) {
    for (const edit of edits) this.append(edit)
  }

  get length(): number {
    return this.moments.length
  }

  append(edit: TreeEdit): void {
    const { latest, levelBytes } = this
    for (const { level, fileNumber } of edit.deleted) {
      levelBytes[level] -= latest.get(fileNumber)?.table.sizeBytes ?? 0
    }
    for (const { level, table } of edit.added) levelBytes[level] += table.sizeBytes
    applyEdit(latest, edit)
    if (this.length % stepsPerCheckpoint === 0) this.checkpoints.push(new Map(latest))
    this.moments.push({ edit, levelBytes: [...levelBytes] })
  }

  /** The tables after the edit at `index`. Requires: 0 <= index < length. */
  at(index: number): TreeTables {
    const known = this.shown.get(index)
    if (known !== undefined) return known
    const [start, from] = this.nearestBefore(index)
    const tables = new Map(from)
    for (let i = start + 1; i <= index; i++) applyEdit(tables, this.moments[i].edit)
    this.remember(index, tables)
    return tables
  }

  private nearestBefore(index: number): [number, TreeTables] {
    const checkpoint = Math.floor(index / stepsPerCheckpoint)
    let start = checkpoint * stepsPerCheckpoint
    let tables = this.checkpoints[checkpoint]
    for (const [shownIndex, shown] of this.shown) {
      if (shownIndex < start || shownIndex > index) continue
      start = shownIndex
      tables = shown
    }
    return [start, tables]
  }

  private remember(index: number, tables: TreeTables): void {
    const [oldest] = this.shown.keys()
    if (this.shown.size >= maxShown && oldest !== undefined) this.shown.delete(oldest)
    this.shown.set(index, tables)
  }

  /** The tables after the last edit. */
  get last(): TreeTables {
    return this.latest
  }
}
