import type { MemTableInfo } from 'varve'
import { counted, formatBytes, formatShare } from '../quantity.js'

/** The memtables: the one that fills, and those that wait for their flush. */
export function MemoryRow({ memtables }: { memtables: readonly MemTableInfo[] }) {
  return (
    <ol class="memory" aria-label="Memtables">
      {memtables.map(({ isSealed, usedBytes, capacityBytes, entryCount }, index) => (
        <li key={index} class={isSealed ? 'memtable sealed' : 'memtable'}>
          <span class="memtable-fill" style={{ width: `${(usedBytes / capacityBytes) * 100}%` }} />
          <span class="memtable-text">
            <strong>{isSealed ? 'Sealed memtable' : 'Memtable'}</strong>{' '}
            <span class="wide-only">{counted(entryCount, 'entry', 'entries')}, </span>
            {isSealed
              ? `${formatBytes(usedBytes)}, waits for its flush`
              : `${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)} ` +
                `(${formatShare(usedBytes / capacityBytes)})`}
          </span>
        </li>
      ))}
    </ol>
  )
}
