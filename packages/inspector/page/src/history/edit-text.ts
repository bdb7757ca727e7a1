import type { TreeEdit } from '../../../src/protocol/tree.js'
import type { TreeTables } from '../source/tree-tables.js'
import { counted, formatBytes } from '../quantity.js'

/** What an edit did, in one line. `before`: the tables before it. */
export function editText(edit: TreeEdit, before: TreeTables): string {
  const { added, deleted } = edit
  const bytes = (tables: Iterable<{ sizeBytes: number }>): string => {
    let sum = 0
    for (const { sizeBytes } of tables) sum += sizeBytes
    return formatBytes(sum)
  }
  const addedBytes = bytes(added.map(({ table }) => table))
  const deletedBytes = bytes(
    deleted.flatMap(({ fileNumber }) => before.get(fileNumber)?.table ?? []),
  )
  if (before.size === 0 && added.length !== 1) {
    return `Start: ${counted(added.length, 'table')}, ${addedBytes}`
  }
  const moved = added.filter(({ table }) =>
    deleted.some(({ fileNumber }) => fileNumber === table.fileNumber),
  )
  const from = levelsOf(deleted)
  const to = levelsOf(added)
  if (moved.length > 0 && moved.length === added.length && moved.length === deleted.length) {
    return `Move ${from} → ${to}: ${counted(moved.length, 'table')}, ${addedBytes}`
  }
  if (deleted.length === 0) return `Flush → ${to}: ${counted(added.length, 'table')}, ${addedBytes}`
  if (added.length === 0)
    return `Drop from ${from}: ${counted(deleted.length, 'table')}, ${deletedBytes}`
  return (
    `Merge ${from} → ${to}: ${counted(deleted.length, 'table')} (${deletedBytes}) ` +
    `to ${added.length} (${addedBytes})`
  )
}

function levelsOf(tables: readonly { level: number }[]): string {
  const levels = [...new Set(tables.map(({ level }) => level))].sort((a, b) => a - b)
  return levels.map((level) => `L${level}`).join('+')
}
