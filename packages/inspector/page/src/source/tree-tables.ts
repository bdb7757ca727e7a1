import type { PlacedTable, TreeEdit, TreeState } from '../../../src/protocol/tree.js'

/** Tables by file number. */
export type TreeTables = ReadonlyMap<number, PlacedTable>

export function tablesOf({ tables }: Pick<TreeState, 'tables'>): TreeTables {
  return new Map(tables.map((one) => [one.table.fileNumber, one]))
}

/** A copy with the edit applied. */
export function withEdit(tables: TreeTables, edit: TreeEdit): TreeTables {
  const after = new Map(tables)
  applyEdit(after, edit)
  return after
}

/** Deletes first: a table may move from one level to another in one edit. */
export function applyEdit(tables: Map<number, PlacedTable>, edit: TreeEdit): void {
  for (const { fileNumber } of edit.deleted) tables.delete(fileNumber)
  for (const one of edit.added) tables.set(one.table.fileNumber, one)
}

/** The edit that leads from one set of tables to another; undefined if they are equal. */
export function differenceOf(from: TreeTables, to: TreeTables, atMs: number): TreeEdit | undefined {
  const added = [...to.values()].filter(
    ({ level, table }) => from.get(table.fileNumber)?.level !== level,
  )
  const deleted = [...from.values()]
    .filter(({ level, table }) => to.get(table.fileNumber)?.level !== level)
    .map(({ level, table }) => ({ level, fileNumber: table.fileNumber }))
  return added.length + deleted.length === 0 ? undefined : { atMs, added, deleted }
}
