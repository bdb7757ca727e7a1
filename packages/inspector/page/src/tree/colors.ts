import type { WireTable } from '../../../src/protocol/tree.js'

/** What the colour of a table means. */
export type Shade = 'age' | 'garbage' | 'expiry'

export const shades: Readonly<Record<Shade, { name: string; low: string; high: string }>> = {
  age: { name: 'Age', low: 'oldest', high: 'newest' },
  garbage: { name: 'Deletes and hidden versions', low: 'none', high: 'all entries' },
  expiry: { name: 'Entries that expire', low: 'none', high: 'all entries' },
}

export type Theme = 'light' | 'dark'

/** Cividis, which people with any colour vision read alike; on dark pages it starts lighter. */
const ramps: Readonly<Record<Theme, readonly (readonly [number, number, number])[]>> = {
  light: [
    [13, 42, 92],
    [65, 85, 117],
    [124, 123, 120],
    [184, 168, 106],
    [240, 206, 62],
  ],
  dark: [
    [46, 79, 138],
    [84, 106, 140],
    [140, 140, 134],
    [198, 183, 116],
    [255, 228, 86],
  ],
}

/** A colour of the ramp, `at` from 0 to 1. */
export function rampColor(at: number, theme: Theme): string {
  const ramp = ramps[theme]
  const place = Math.min(1, Math.max(0, at)) * (ramp.length - 1)
  const index = Math.min(ramp.length - 2, Math.floor(place))
  const [from, to] = [ramp[index], ramp[index + 1]]
  const mixed = from.map((part, i) => Math.round(part + (to[i] - part) * (place - index)))
  return `rgb(${mixed.join(' ')})`
}

/** Where a table is on the ramp. Ages are on a logarithmic scale up to the oldest table. */
export function shadeOf(table: WireTable, shade: Shade, nowMs: number, oldestAtMs: number): number {
  if (shade === 'age') {
    if (table.writtenAtMs === 0) return 0
    const seconds = (atMs: number): number => Math.max(0, nowMs - atMs) / 1000
    const range = Math.log1p(seconds(oldestAtMs))
    return range === 0 ? 1 : 1 - Math.log1p(seconds(table.writtenAtMs)) / range
  }
  if (table.entryCount === 0) return shade === 'garbage' ? 1 : 0
  const { deleteCount, shadowedCount, expiringCount, entryCount } = table
  return (shade === 'garbage' ? deleteCount + shadowedCount : expiringCount) / entryCount
}

/** When the oldest table with a known time was written. */
export function oldestOf(tables: Iterable<{ table: WireTable }>): number {
  let oldest = Infinity
  for (const { table } of tables) {
    if (table.writtenAtMs > 0) oldest = Math.min(oldest, table.writtenAtMs)
  }
  return oldest === Infinity ? 0 : oldest
}
