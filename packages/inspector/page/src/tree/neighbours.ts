import { compareBytes, fromBase64 } from '../source/bytes.js'
import type { Bar } from './layout.js'

/** The file numbers of the tables that overlap the key range of a table, including that table. */
export function overlapping(
  bars: readonly Pick<Bar, 'table'>[],
  { table }: Pick<Bar, 'table'>,
): Set<number> {
  const start = fromBase64(table.smallestKey)
  const end = table.endKey === null ? null : fromBase64(table.endKey)
  const found = new Set<number>()
  for (const { table: other } of bars) {
    const startsBefore = end === null || compareBytes(fromBase64(other.smallestKey), end) < 0
    const endsAfter = other.endKey === null || compareBytes(fromBase64(other.endKey), start) > 0
    if (startsBefore && endsAfter) found.add(other.fileNumber)
  }
  return found
}

/** The bar that an arrow key leads to, or the same one at the edge. */
export function barTowards(
  bars: readonly Bar[],
  from: Bar | undefined,
  key: string,
): Bar | undefined {
  if (from === undefined) return bars[0]
  const center = from.x + from.width / 2
  const sameLine = (bar: Bar): boolean => bar.y === from.y
  switch (key) {
    case 'ArrowRight':
      return (
        closest(
          bars.filter((bar) => sameLine(bar) && bar.x > from.x),
          (bar) => bar.x,
        ) ?? from
      )
    case 'ArrowLeft':
      return (
        closest(
          bars.filter((bar) => sameLine(bar) && bar.x < from.x),
          (bar) => -bar.x,
        ) ?? from
      )
    case 'ArrowDown':
    case 'ArrowUp': {
      const sign = key === 'ArrowDown' ? 1 : -1
      const beyond = bars.filter((bar) => (bar.y - from.y) * sign > 0)
      const line = closest(beyond, (bar) => bar.y * sign)?.y
      const distance = (bar: Bar): number => Math.max(bar.x - center, center - bar.x - bar.width, 0)
      return (
        closest(
          beyond.filter((bar) => bar.y === line),
          distance,
        ) ?? from
      )
    }
    default:
      return from
  }
}

function closest(bars: readonly Bar[], costOf: (bar: Bar) => number): Bar | undefined {
  let best: Bar | undefined
  for (const bar of bars) if (best === undefined || costOf(bar) < costOf(best)) best = bar
  return best
}
