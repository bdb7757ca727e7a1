import type { Bar, Row, TreeLayout } from './layout.js'

const moveMs = 600
/** How far leaving and arriving tables sink, at least. */
const sinkPixels = 44

/** How the bars look. */
export interface Look {
  readonly colorOf: (bar: Bar) => string
  /** Bars that are not in it are dimmed; undefined: none is. */
  readonly emphasized: ReadonlySet<number> | undefined
  readonly selected: number | undefined
  readonly hovered: number | undefined
  readonly rowColor: string
  readonly outlineColor: string
  readonly accentColor: string
}

interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly alpha: number
}

interface Moving {
  bar: Bar
  from: Place
  to: Place
  startMs: number
  isLeaving: boolean
}

/**
 * Draws a tree on a canvas. Tables move as sediment does: new ones sink in from above, and those
 * that a merge replaced sink towards the next level and fade. Draws frames only while one moves.
 *
 * Owned by: a TreeCanvas. Lives: as long as its canvas.
 */
export class TreePainter {
  private readonly moving = new Map<number, Moving>()
  private layout: TreeLayout | undefined
  private look: Look | undefined
  private frame = 0

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly isStill: () => boolean,
  ) {}

  /** `animates`: whether bars move to their new places. */
  show(layout: TreeLayout, look: Look, animates: boolean): void {
    const durationMs = animates && !this.isStill() && this.layout !== undefined ? moveMs : 0
    if (layout !== this.layout) this.retarget(layout, durationMs)
    this.layout = layout
    this.look = look
    this.request()
  }

  stop(): void {
    cancelAnimationFrame(this.frame)
  }

  private retarget(layout: TreeLayout, durationMs: number): void {
    const nowMs = performance.now()
    const startMs = durationMs === 0 ? nowMs - moveMs : nowMs
    const seen = new Set<number>()
    for (const bar of layout.bars) {
      const { fileNumber } = bar.table
      seen.add(fileNumber)
      const to: Place = { ...placeOf(bar), alpha: 1 }
      const before = this.moving.get(fileNumber)
      const from =
        before === undefined ? { ...to, y: to.y - sinkPixels, alpha: 0 } : placeAt(before, nowMs)
      this.moving.set(fileNumber, { bar, from, to, startMs, isLeaving: false })
    }
    for (const [fileNumber, one] of this.moving) {
      if (seen.has(fileNumber)) continue
      if (durationMs === 0) this.moving.delete(fileNumber)
      else if (!one.isLeaving) {
        const from = placeAt(one, nowMs)
        const to = { ...from, y: from.y + sinkPixels, alpha: 0 }
        this.moving.set(fileNumber, { bar: one.bar, from, to, startMs, isLeaving: true })
      }
    }
  }

  private request(): void {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.paint())
  }

  private paint(): void {
    const { canvas, layout, look } = this
    const context = canvas.getContext('2d')
    if (context === null || layout === undefined || look === undefined) return
    const scale = devicePixelRatio
    fit(canvas, Math.round(layout.width * scale), Math.round(layout.height * scale))
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, layout.width, layout.height)
    for (const row of layout.rows) paintRow(context, row, layout.width, look)
    const nowMs = performance.now()
    let moves = false
    for (const [fileNumber, one] of this.moving) {
      const isDone = nowMs >= one.startMs + moveMs
      if (isDone && one.isLeaving) {
        this.moving.delete(fileNumber)
        continue
      }
      moves ||= !isDone
      paintBar(context, one.bar, placeAt(one, nowMs), look)
    }
    if (moves) this.request()
  }
}

function paintRow(context: CanvasRenderingContext2D, row: Row, width: number, look: Look): void {
  context.fillStyle = look.rowColor
  context.fillRect(0, row.y, width, row.height)
}

function paintBar(context: CanvasRenderingContext2D, bar: Bar, place: Place, look: Look): void {
  const { fileNumber } = bar.table
  const { x, y, width, height } = place
  const isDimmed = look.emphasized !== undefined && !look.emphasized.has(fileNumber)
  context.globalAlpha = place.alpha * (isDimmed ? 0.25 : 1)
  context.fillStyle = look.colorOf(bar)
  // A gap between neighbours, as long as there is room for one.
  const gap = width > 4 ? 1 : 0
  context.fillRect(x, y, width - gap, height)
  if (fileNumber === look.selected || fileNumber === look.hovered) {
    context.globalAlpha = 1
    context.lineWidth = fileNumber === look.selected ? 3 : 1.5
    context.strokeStyle = fileNumber === look.selected ? look.accentColor : look.outlineColor
    const inset = context.lineWidth / 2
    context.strokeRect(
      x + inset,
      y + inset,
      Math.max(1, width - gap - 2 * inset),
      Math.max(1, height - 2 * inset),
    )
  }
  context.globalAlpha = 1
}

function placeOf({ x, y, width, height }: Bar): Omit<Place, 'alpha'> {
  return { x, y, width, height }
}

function placeAt({ from, to, startMs }: Moving, nowMs: number): Place {
  const time = Math.min(1, Math.max(0, (nowMs - startMs) / moveMs))
  const eased = 1 - (1 - time) ** 3
  const between = (a: number, b: number): number => a + (b - a) * eased
  return {
    x: between(from.x, to.x),
    y: between(from.y, to.y),
    width: between(from.width, to.width),
    height: between(from.height, to.height),
    alpha: between(from.alpha, to.alpha),
  }
}

/** Setting a size clears the canvas, even the same size. */
function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
}
