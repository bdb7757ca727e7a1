import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { formatTime } from '../quantity.js'
import { useTheme } from '../shell/theme.js'
import { useWidth } from '../shell/use-width.js'

const height = 150
const powersOfTwo = Array.from({ length: 50 }, (_, power) => 2 ** power)

/** A line of a chart. */
export interface Line {
  readonly name: string
  /** A CSS variable. */
  readonly color: string
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  readonly title: string
  readonly unit?: string
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  /** Puts grid lines at powers of two. */
  readonly isBytes?: boolean
}

/** Lines over time, with the latest value of each. */
export function Chart({ title, unit, times, lines, format, isBytes = false }: ChartProps) {
  const theme = useTheme()
  const [box, width] = useWidth<HTMLDivElement>()
  const plot = useRef<uPlot>(undefined)
  const names = lines.map(({ name }) => name).join()

  useEffect(() => {
    if (width === 0 || box.current === null) return
    const made = new uPlot(
      optionsOf(box.current, width, lines, { format, isBytes }),
      dataOf(times, lines),
    )
    box.current.append(made.root)
    plot.current = made
    return () => made.destroy()
  }, [theme, width, names])

  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines])

  const latest = lines.map(({ name, color, values }) => ({ name, color, value: values.at(-1) }))
  const text = latest.map(({ name, value }) => `${name} ${value == null ? '–' : format(value)}`)
  return (
    <figure class="chart panel">
      <figcaption>
        <h2>
          {title} {unit !== undefined && <small>{unit}</small>}
        </h2>
        <span class="chart-legend">
          {latest.map(({ name, color }, index) => (
            <span key={name}>
              <i style={{ background: `var(${color})` }} />
              {text[index]}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box} role="img" aria-label={`${title}: ${text.join(', ')}`} />
    </figure>
  )
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])]
}

function optionsOf(
  box: HTMLElement,
  width: number,
  lines: readonly Line[],
  { format, isBytes = false }: Pick<ChartProps, 'format' | 'isBytes'>,
): uPlot.Options {
  const style = getComputedStyle(box)
  const color = (name: string): string => style.getPropertyValue(name)
  const axis = {
    stroke: color('--faint'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height,
    cursor: { y: false, points: { size: 6 } },
    legend: { show: false },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 90,
        values: (_, ticks) => ticks.map((seconds) => formatTime(seconds * 1000)),
      },
      {
        ...axis,
        size: 78,
        space: 36,
        ...(isBytes ? { incrs: powersOfTwo } : {}),
        values: (_, ticks) => ticks.map(format),
      },
    ],
    series: [
      {},
      ...lines.map((line, index) => ({
        label: line.name,
        stroke: color(line.color),
        width: 2,
        // Not by colour alone.
        dash: index === 0 ? [] : [6 - index, 3],
        points: { show: false },
        spanGaps: true,
      })),
    ],
  }
}
