import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { TreeTables } from '../source/tree-tables.js'
import { useTheme } from '../shell/theme.js'
import { useWidth } from '../shell/use-width.js'
import { counted, formatBytes, formatShare } from '../quantity.js'
import type { WireLevel } from '../../../src/protocol/tree.js'
import { oldestOf, rampColor, type Shade, shadeOf } from './colors.js'
import { type Axis, type Bar, barAt, layoutTree, type Row } from './layout.js'
import { barTowards, overlapping } from './neighbours.js'
import { TreePainter } from './tree-painter.js'

interface TreeCanvasProps {
  readonly tables: TreeTables
  /** Scores and targets; none in the past. */
  readonly levels?: readonly WireLevel[]
  readonly axis: Axis
  readonly shade: Shade
  /** The moment that is shown. */
  readonly nowMs: number
  readonly label: string
  readonly selected: number | undefined
  readonly onSelect: (fileNumber: number | undefined) => void
}

/** The levels and their tables: a strip for each level with a label beside it. */
export function TreeCanvas(props: TreeCanvasProps) {
  const { tables, levels, axis, shade, nowMs, label, selected, onSelect } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const painter = useRef<TreePainter>(undefined)
  const [box, width] = useWidth<HTMLDivElement>()
  const [hovered, setHovered] = useState<number>()
  const theme = useTheme()
  const layout = useMemo(() => layoutTree(tables, axis, width), [tables, axis, width])
  const chosen = layout.bars.find((bar) => bar.table.fileNumber === selected)
  const emphasized = useMemo(
    () => (chosen === undefined ? undefined : overlapping(layout.bars, chosen)),
    [layout, chosen],
  )

  useEffect(() => {
    painter.current = new TreePainter(
      canvas.current!,
      () => matchMedia('(prefers-reduced-motion: reduce)').matches,
    )
    return () => painter.current?.stop()
  }, [])

  useEffect(() => {
    if (width === 0) return
    const oldestAtMs = oldestOf(tables.values())
    const style = getComputedStyle(canvas.current!)
    const color = (name: string): string => style.getPropertyValue(name)
    const look = {
      colorOf: (bar: Bar) => rampColor(shadeOf(bar.table, shade, nowMs, oldestAtMs), theme),
      emphasized,
      selected,
      hovered,
      rowColor: color('--row'),
      outlineColor: color('--ink'),
      accentColor: color('--accent'),
    }
    painter.current?.show(layout, look, true)
  }, [layout, shade, nowMs, theme, emphasized, selected, hovered, width])

  const barUnder = ({ offsetX, offsetY }: MouseEvent): Bar | undefined =>
    barAt(layout.bars, offsetX, offsetY)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') return onSelect(undefined)
    if (!event.key.startsWith('Arrow')) return
    event.preventDefault()
    onSelect(barTowards(layout.bars, chosen, event.key)?.table.fileNumber)
  }
  return (
    <div class="tree" style={{ minHeight: `${layout.height}px` }}>
      <ol class="tree-labels" aria-label="Levels">
        {layout.rows.map((row) => (
          <LevelLabel key={row.level} row={row} level={levels?.[row.level]} />
        ))}
      </ol>
      <div class="tree-box" ref={box}>
        <canvas
          ref={canvas}
          class="tree-canvas"
          style={{ width: `${width}px`, height: `${layout.height}px` }}
          role="application"
          aria-label={`${label}: ${counted(tables.size, 'table')}. Arrow keys select a table.`}
          tabIndex={0}
          onMouseMove={(event) => setHovered(barUnder(event)?.table.fileNumber)}
          onMouseLeave={() => setHovered(undefined)}
          onClick={(event) => onSelect(barUnder(event)?.table.fileNumber)}
          onKeyDown={onKeyDown}
        />
      </div>
    </div>
  )
}

function LevelLabel({ row, level }: { row: Row; level: WireLevel | undefined }) {
  const { sizeBytes, tables, runs } = row
  const runsText = row.level > 0 && runs > 1 ? `, ${counted(runs, 'run')}` : ''
  const isDue = level !== undefined && level.score >= 1
  return (
    <li class="level" style={{ top: `${row.y}px`, height: `${row.height}px` }}>
      <strong>L{row.level}</strong>
      <span class="level-facts">
        {tables === 0 ? (
          <span class="faint">empty</span>
        ) : (
          <>
            <span>{formatBytes(sizeBytes)}</span>
            <span class="faint wide-only">
              {counted(tables, 'table')}
              {runsText}
            </span>
          </>
        )}
      </span>
      {level !== undefined && tables > 0 && (
        <span
          class={`score ${isDue ? 'score-due' : ''}`}
          title={`score ${level.score.toFixed(2)}: a compaction is due at 1`}
        >
          <span class="score-fill" style={{ height: `${Math.min(1, level.score) * 100}%` }} />
          <span class="hidden">
            {formatShare(level.score)} of the size at which it is compacted
          </span>
        </span>
      )}
    </li>
  )
}
