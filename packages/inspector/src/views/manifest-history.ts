import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FileSystem } from 'varve'
import { dump, type EditItem } from 'varve/tools'
import { wireTable } from '../live/tree-differ.js'
import type { HistoryStep } from '../protocol/answers.js'

/** Keyspace of the database itself. */
const defaultKeyspace = 0
const editsPerTurn = 200

/**
 * The edits of the MANIFEST in use that change tables, as lines of JSON. The first one holds the
 * whole tree as it was at the last open. Yields to the event loop.
 */
export async function* historyLines(
  directory: string,
  options: { fileSystem?: FileSystem },
): AsyncGenerator<string> {
  let atMs = 0
  let edits = 0
  for (const item of dump(directory, manifestOf(directory, options), options)) {
    if (item.type !== 'edit') continue
    const step = stepOf(item, atMs)
    atMs = step.atMs
    if (step.added.length > 0 || step.deleted.length > 0) yield `${JSON.stringify(step)}\n`
    if (++edits % editsPerTurn === 0) await nextTurn()
  }
}

/** An edit has no time of its own; that of its newest table is close. */
function stepOf({ offset, deleted, added }: EditItem, previousMs: number): HistoryStep {
  const ours = added.filter(({ keyspace }) => keyspace === defaultKeyspace)
  const writtenAtMs = ours.reduce((latest, { table }) => Math.max(latest, table.writtenAtMs), 0)
  return {
    offset,
    atMs: Math.max(previousMs, writtenAtMs),
    timed: writtenAtMs > previousMs,
    deleted: deleted
      .filter(({ keyspace }) => keyspace === defaultKeyspace)
      .map(({ level, fileNumber }) => ({ level, fileNumber })),
    added: ours.map(({ level, table }) => {
      const { range, ...numbers } = table
      return {
        level,
        table: wireTable({ ...numbers, smallestKey: range.start, endKey: range.end }),
      }
    }),
  }
}

function manifestOf(directory: string, options: { fileSystem?: FileSystem }): string {
  for (const item of dump(directory, 'CURRENT', options)) {
    if (item.type === 'current') return item.manifest
  }
  return 'CURRENT'
}
