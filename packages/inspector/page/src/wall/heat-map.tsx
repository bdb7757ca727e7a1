import { useEffect, useRef } from 'preact/hooks'
import type { SampleMessage } from '../../../src/protocol/messages.js'
import { formatDuration } from '../quantity.js'
import { useTheme } from '../shell/theme.js'
import { useWidth } from '../shell/use-width.js'

const height = 160
const columns = 240
/** 1 µs to 1 s; the last row holds all that take longer. */
const rows = 20

/** How long commits took: a column for each sample, the fastest at the bottom. */
export function HeatMap({ samples }: { samples: readonly SampleMessage[] }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [box, width] = useWidth<HTMLDivElement>()
  const theme = useTheme()
  const shown = samples.slice(-columns)

  useEffect(() => {
    if (canvas.current !== null && width > 0) paint(canvas.current, shown, width)
  }, [samples, width, theme])

  const median = quantile(shown, 0.5)
  const p99 = quantile(shown, 0.99)
  const text = median === 0 ? 'no commits' : `median below ${us(median)}, p99 below ${us(p99)}`
  return (
    <figure class="chart panel">
      <figcaption>
        <h2>Commit latency</h2>
        <span class="chart-legend">{text}</span>
      </figcaption>
      <div ref={box}>
        <canvas ref={canvas} class="heat" role="img" aria-label={`Commit latency: ${text}`} />
      </div>
      <p class="heat-axis">
        <span>from 1 µs at the bottom to 1 s at the top, each row twice the one below</span>
      </p>
    </figure>
  )
}

function paint(canvas: HTMLCanvasElement, samples: readonly SampleMessage[], width: number): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  const scale = devicePixelRatio
  canvas.width = width * scale
  canvas.height = height * scale
  context.scale(scale, scale)
  const style = getComputedStyle(canvas)
  context.fillStyle = style.getPropertyValue('--heat-low')
  context.fillRect(0, 0, width, height)
  context.fillStyle = style.getPropertyValue('--heat-high')
  const cellWidth = width / columns
  const cellHeight = height / rows
  for (const [column, { commitBuckets }] of samples.entries()) {
    const total = commitBuckets.reduce((sum, count) => sum + count, 0)
    if (total === 0) continue
    const x = (column + columns - samples.length) * cellWidth
    for (let row = 0; row < rows; row++) {
      const count =
        row === rows - 1
          ? commitBuckets.slice(row).reduce((sum, one) => sum + one, 0)
          : commitBuckets[row]
      if (count === 0) continue
      // A single slow commit must be visible beside a thousand fast ones.
      context.globalAlpha = 0.25 + 0.75 * Math.sqrt(count / total)
      context.fillRect(x, height - (row + 1) * cellHeight, Math.ceil(cellWidth), cellHeight - 1)
    }
  }
}

/** Upper bound in µs of the bucket that holds the quantile; 0 without commits. */
function quantile(samples: readonly SampleMessage[], share: number): number {
  const sums: number[] = []
  for (const { commitBuckets } of samples) {
    for (const [i, count] of commitBuckets.entries()) sums[i] = (sums[i] ?? 0) + count
  }
  const total = sums.reduce((sum, count) => sum + count, 0)
  let seen = 0
  for (const [i, count] of sums.entries()) {
    seen += count
    if (total > 0 && seen >= total * share) return 2 ** i
  }
  return 0
}

function us(microseconds: number): string {
  return formatDuration(microseconds / 1000)
}
