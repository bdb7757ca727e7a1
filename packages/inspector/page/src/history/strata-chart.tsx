import { useMemo } from 'preact/hooks'
import { formatBytes } from '../quantity.js'
import { useTheme } from '../shell/theme.js'
import { rampColor } from '../tree/colors.js'
import { levelCount } from '../tree/layout.js'
import type { Timeline } from './timeline.js'

const columns = 300
const height = 100

interface StrataChartProps {
  readonly timeline: Timeline
  readonly version: number
  readonly index: number
}

/** The bytes of each level over all edits, the deepest level at the bottom. */
export function StrataChart({ timeline, version, index }: StrataChartProps) {
  const theme = useTheme()
  const { areas, largest } = useMemo(() => areasOf(timeline), [timeline, version])
  const at = timeline.length < 2 ? 1 : index / (timeline.length - 1)
  return (
    <figure class="strata-chart">
      <svg
        viewBox={`0 0 ${columns} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Size of each level over ${timeline.length} edits, at most ${formatBytes(largest)}`}
      >
        {areas.map((points, level) => (
          <polygon
            key={level}
            points={points}
            fill={rampColor(1 - level / (levelCount - 1), theme)}
          />
        ))}
        <line class="cursor" x1={at * columns} x2={at * columns} y1="0" y2={height} />
      </svg>
      <figcaption class="faint">
        <span>{formatBytes(largest)}</span>
        <span class="strata-legend">
          {areas.map((_, level) => (
            <span key={level}>
              <i style={{ background: rampColor(1 - level / (levelCount - 1), theme) }} />L{level}
            </span>
          ))}
        </span>
      </figcaption>
    </figure>
  )
}

/** A polygon for each level. Edits are thinned out to one per column. */
function areasOf(timeline: Timeline): { areas: string[]; largest: number } {
  const { moments } = timeline
  const count = Math.min(columns, moments.length)
  const sampled = Array.from({ length: count }, (_, column) => {
    const index = count < 2 ? 0 : Math.round((column / (count - 1)) * (moments.length - 1))
    return moments[index].levelBytes
  })
  const totals = sampled.map((levels) => levels.reduce((sum, bytes) => sum + bytes, 0))
  const largest = Math.max(1, ...totals)
  const areas = Array.from({ length: levelCount }, (_, level) => {
    const top = sampled.map((levels) => heightFrom(levels, level, largest))
    const bottom = sampled.map((levels) => heightFrom(levels, level + 1, largest))
    const x = (column: number): number => (count < 2 ? 0 : (column / (count - 1)) * columns)
    const forth = top.map((y, column) => `${x(column).toFixed(1)},${y.toFixed(1)}`)
    const back = bottom.map((y, column) => `${x(column).toFixed(1)},${y.toFixed(1)}`).reverse()
    return [...forth, ...back].join(' ')
  })
  return { areas, largest }
}

/** The y of the upper edge of `level`, on top of all deeper ones. */
function heightFrom(levels: readonly number[], level: number, largest: number): number {
  const below = levels.slice(level).reduce((sum, bytes) => sum + bytes, 0)
  return height - (below / largest) * (height - 4)
}
