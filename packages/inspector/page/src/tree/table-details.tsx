import type { PlacedTable } from '../../../src/protocol/tree.js'
import { counted, formatBytes, formatCount, formatDuration, formatShare } from '../quantity.js'
import { fromBase64, printable } from '../source/bytes.js'

interface TableDetailsProps {
  readonly placed: PlacedTable | undefined
  readonly nowMs: number
  readonly overlaps: number
}

/** Everything about one table. */
export function TableDetails({ placed, nowMs, overlaps }: TableDetailsProps) {
  return (
    <section class="panel details" aria-label="Table" aria-live="polite">
      {placed === undefined ? (
        <p class="hint">
          Click a table, or focus the tree and use the arrow keys, to see its range, entries and
          age, and every table whose keys overlap with it.
        </p>
      ) : (
        <Facts placed={placed} nowMs={nowMs} overlaps={overlaps} />
      )}
    </section>
  )
}

function Facts({ placed, nowMs, overlaps }: Required<TableDetailsProps> & { placed: PlacedTable }) {
  const { level, table } = placed
  const { entryCount, deleteCount, rangeDeleteCount, expiringCount, shadowedCount } = table
  const share = (count: number): string =>
    count === 0 ? 'none' : `${formatCount(count)} (${formatShare(count / Math.max(1, entryCount))})`
  return (
    <>
      <h2>Table {table.fileNumber}</h2>
      <p class="faint">
        level {level}
        {level > 0 && table.run > 0 ? `, run ${table.run}` : ''}, overlaps with{' '}
        {counted(overlaps, 'other table')}
      </p>
      <dl class="facts">
        <dt>Size</dt>
        <dd>{formatBytes(table.sizeBytes)}</dd>
        <dt>Entries</dt>
        <dd>{formatCount(entryCount)}</dd>
        <dt>Deletes</dt>
        <dd>{share(deleteCount)}</dd>
        <dt>Range deletes</dt>
        <dd>{rangeDeleteCount === 0 ? 'none' : formatCount(rangeDeleteCount)}</dd>
        <dt>Hidden versions</dt>
        <dd>{share(shadowedCount)}</dd>
        <dt>Expiring</dt>
        <dd>{share(expiringCount)}</dd>
        <dt>Sequences</dt>
        <dd>
          {formatCount(table.minSequence)} to {formatCount(table.maxSequence)}
        </dd>
        <dt>Age</dt>
        <dd>
          {table.writtenAtMs === 0
            ? 'unknown'
            : formatDuration(Math.max(0, nowMs - table.writtenAtMs))}
        </dd>
        <dt>From key</dt>
        <dd class="key">{printable(fromBase64(table.smallestKey))}</dd>
        <dt>Below key</dt>
        <dd class="key">
          {table.endKey === null ? 'no upper bound' : printable(fromBase64(table.endKey))}
        </dd>
      </dl>
    </>
  )
}
