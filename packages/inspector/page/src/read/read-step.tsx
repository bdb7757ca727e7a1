import type { ReadStep } from '../../../src/protocol/answers.js'
import { counted, formatBytes, formatCount, formatDuration } from '../quantity.js'
import { fromBase64, printable } from '../source/bytes.js'
import { FilterLine } from './filter-line.js'
import { IndexSearch } from './index-search.js'

/** One place that a read searched, with what it found at each part of a table. */
export function ReadStepCard({ step }: { step: ReadStep }) {
  const { place, verdict, level, fileNumber, sequence, durationMs } = step
  const name =
    place === 'table'
      ? `Table ${fileNumber}`
      : place === 'memtable'
        ? 'Memtable'
        : 'Sealed memtable'
  return (
    <li class={`read-step verdict-${verdict}`}>
      <header>
        <span class="read-level">{place === 'table' ? `L${level}` : 'memory'}</span>
        <h2>{name}</h2>
        <span class={`pill pill-${verdict}`}>{verdictTexts[verdict]}</span>
        {sequence !== undefined && <span class="faint">sequence {formatCount(sequence)}</span>}
        <span class="read-time">{formatDuration(durationMs)}</span>
      </header>
      {place === 'table' && <TableParts step={step} />}
    </li>
  )
}

const verdictTexts: Readonly<Record<ReadStep['verdict'], string>> = {
  found: 'found',
  deleted: 'deleted',
  expired: 'expired',
  'range-deleted': 'deleted by a range delete',
  absent: 'not here',
}

function TableParts({ step }: { step: ReadStep }) {
  const { filter, filterProbes, indexSearch, indexEntry, block, timesMs, verdict } = step
  const isFalsePositive = filter === 'perhaps' && verdict === 'absent'
  return (
    <div class="read-parts">
      <section>
        <h3>Filter {timesMs && <small>{formatDuration(timesMs.filter)}</small>}</h3>
        {filterProbes === undefined ? (
          <p class="faint">The table has no filter.</p>
        ) : (
          <FilterLine probes={filterProbes} />
        )}
        {isFalsePositive && (
          <p class="lied">
            <strong>The filter was wrong:</strong> it let the key through, and the table does not
            have it. A false positive costs one block.
          </p>
        )}
      </section>
      {indexSearch !== undefined && (
        <section>
          <h3>Sparse index {timesMs && <small>{formatDuration(timesMs.index)}</small>}</h3>
          <p>
            {counted(indexSearch.length, 'comparison')} among{' '}
            {counted(indexSearch[0]?.high ?? 1, 'entry', 'entries')}
            {indexEntry !== undefined && (
              <>
                {' '}
                lead to block {formatCount(indexEntry.index)}, whose keys go up to{' '}
                <span class="key">{printable(fromBase64(indexEntry.separator), 36)}</span>
              </>
            )}
          </p>
          <IndexSearch steps={indexSearch} />
        </section>
      )}
      {block !== undefined && (
        <section>
          <h3>Block {timesMs && <small>{formatDuration(timesMs.block)}</small>}</h3>
          <p>
            {formatBytes(block.sizeBytes)} at offset {formatCount(block.offset)},{' '}
            {counted(block.entryCount, 'entry', 'entries')},{' '}
            <strong>{block.cached ? 'from the cache' : 'read from the file'}</strong>.
          </p>
        </section>
      )}
    </div>
  )
}
