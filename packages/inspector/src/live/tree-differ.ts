import type { LevelInfo, TableInfo } from 'varve'
import type { PlacedTable, TreeEdit, TreeState, WireLevel, WireTable } from '../protocol/tree.js'

/** Turns successive `levels()` of one database into edits. */
export class TreeDiffer {
  /** Level of each table that was last seen, by file number. */
  private levelByFile = new Map<number, number>()

  /** All tables; the next `edit` starts from here. */
  state(levels: readonly LevelInfo[], atMs: number): TreeState {
    const tables: PlacedTable[] = []
    this.levelByFile = new Map()
    for (const { level, tables: found } of levels) {
      for (const table of found) {
        this.levelByFile.set(table.fileNumber, level)
        tables.push({ level, table: wireTable(table) })
      }
    }
    return { atMs, levels: levels.map(wireLevel), tables }
  }

  /** What changed since the last call; undefined if nothing did. */
  edit(levels: readonly LevelInfo[], atMs: number): TreeEdit | undefined {
    const before = this.levelByFile
    const after = new Map<number, number>()
    const added: PlacedTable[] = []
    for (const { level, tables } of levels) {
      for (const table of tables) {
        after.set(table.fileNumber, level)
        if (before.get(table.fileNumber) !== level) added.push({ level, table: wireTable(table) })
      }
    }
    const deleted: { level: number; fileNumber: number }[] = []
    for (const [fileNumber, level] of before) {
      if (after.get(fileNumber) !== level) deleted.push({ level, fileNumber })
    }
    this.levelByFile = after
    if (added.length === 0 && deleted.length === 0) return undefined
    return { atMs, deleted, added, levels: levels.map(wireLevel) }
  }
}

function wireLevel({ level, targetBytes, score }: LevelInfo): WireLevel {
  return { level, targetBytes, score }
}

/** A table as the page gets it. */
export function wireTable(table: TableInfo): WireTable {
  return {
    fileNumber: table.fileNumber,
    sizeBytes: table.sizeBytes,
    entryCount: table.entryCount,
    deleteCount: table.deleteCount,
    rangeDeleteCount: table.rangeDeleteCount,
    expiringCount: table.expiringCount,
    shadowedCount: table.shadowedCount,
    smallestKey: base64(table.smallestKey),
    endKey: table.endKey === null ? null : base64(table.endKey),
    minSequence: table.minSequence,
    maxSequence: table.maxSequence,
    run: table.run,
    writtenAtMs: table.writtenAtMs,
  }
}

/** Bytes as the page gets them. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
