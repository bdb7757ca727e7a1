import type { ReadStep } from '../../../src/protocol/answers.js'
import { formatCount } from '../quantity.js'
import { fromBase64, printable } from '../source/bytes.js'

/** The binary search in the sparse index, comparison by comparison. */
export function IndexSearch({ steps }: { steps: NonNullable<ReadStep['indexSearch']> }) {
  const count = steps[0]?.high ?? 1
  return (
    <ol class="search-steps" aria-label="Comparisons in the index">
      {steps.map(({ low, high, index, separator, next }) => (
        <li key={`${low}-${high}`}>
          <span class="interval" aria-hidden="true">
            <i style={{ left: share(low, count), width: share(high - low, count) }} />
            <b style={{ left: share(index + 0.5, count) }} />
          </span>
          <span class="key">{printable(fromBase64(separator), 36)}</span>
          <span class="faint">
            {next === 'right' ? 'is below the key: go right' : 'is not below: go left'}
            <span class="hidden">
              , among entries {formatCount(low)} to {formatCount(high - 1)}
            </span>
          </span>
        </li>
      ))}
    </ol>
  )
}

function share(part: number, whole: number): string {
  return `${(part / whole) * 100}%`
}
