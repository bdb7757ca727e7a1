import { useMemo, useState } from 'preact/hooks'
import type { PlacedTable } from '../../../src/protocol/tree.js'
import type { TreeTables } from '../source/tree-tables.js'
import { formatBytes, formatCount } from '../quantity.js'
import { useRoute } from '../shell/route.js'
import { useLiveState, useSource } from '../shell/use-source.js'
import { Tiles } from '../shell/tiles.js'
import { Activity } from './activity.js'
import { MemoryRow } from './memory-row.js'
import { overlapping } from './neighbours.js'
import { TableDetails } from './table-details.js'
import { TreeCanvas } from './tree-canvas.js'
import { TreeControls } from './tree-controls.js'
import { selectedTable, treeSettings } from './tree-settings.js'

/** The live tree: memtables, levels and tables, and what happens to them. */
export function TreeView() {
  const { hello, levels, tables, samples, notes } = useLiveState()
  const [{ settings }, change] = useRoute()
  const { axis, shade } = treeSettings(settings)
  const selected = selectedTable(settings)
  const sample = samples.at(-1)
  const nowMs = sample?.atMs ?? Date.now()
  const placed = selected === undefined ? undefined : tables.get(selected)
  const overlaps = useMemo(() => overlapsOf(tables, selected), [tables, selected])
  const select = (fileNumber: number | undefined): void => change({ table: fileNumber?.toString() })
  return (
    <div class="view with-side">
      <h1 class="hidden">Tree</h1>
      <div class="main">
        <Tiles
          tiles={[
            ['Tables', formatCount(tables.size)],
            ['On disk', formatBytes(sizeOf(tables.values()))],
            ['Space amplification', times(sample?.stats.amplification.space)],
            [
              'Write amplification',
              hello?.follows ? '–' : times(sample?.stats.amplification.write),
            ],
            [
              'Compactions running',
              hello?.follows ? '–' : formatCount(sample?.stats.compactions.running ?? 0),
            ],
          ]}
        />
        <TreeControls axis={axis} shade={shade} onChange={change} />
        <div class="tree-frame">
          <MemoryRow memtables={sample?.memtables ?? []} />
          <TreeCanvas
            {...{ tables, levels, axis, shade, nowMs, selected }}
            label="Tree"
            onSelect={select}
          />
        </div>
        {hello?.allowWrites === true && <Actions />}
      </div>
      <aside class="side" aria-label="Details">
        <TableDetails placed={placed} nowMs={nowMs} overlaps={overlaps} />
        <Activity notes={notes} />
      </aside>
    </div>
  )
}

/** What changes the database; only with `allowWrites`. */
function Actions() {
  const source = useSource()
  const [state, setState] = useState('')
  const run = async (what: 'flush' | 'compact'): Promise<void> => {
    setState(`${what} is running`)
    await source.change(what).then(
      () => setState(`${what} is done`),
      (error: Error) => setState(`${what} failed: ${error.message}`),
    )
  }
  return (
    <div class="actions">
      <button type="button" onClick={() => void run('flush')}>
        Flush
      </button>
      <button type="button" onClick={() => void run('compact')}>
        Compact all
      </button>
      <span role="status" class="faint">
        {state}
      </span>
    </div>
  )
}

/** How many other tables share keys with the selected one. */
function overlapsOf(tables: TreeTables, selected: number | undefined): number {
  const placed = selected === undefined ? undefined : tables.get(selected)
  return placed === undefined ? 0 : overlapping([...tables.values()], placed).size - 1
}

function sizeOf(tables: Iterable<PlacedTable>): number {
  let sum = 0
  for (const { table } of tables) sum += table.sizeBytes
  return sum
}

function times(amplification = 0): string {
  return amplification === 0 ? '–' : `${amplification.toFixed(2)}×`
}
