import { setImmediate } from 'node:timers/promises'
import type { BatchOperation, Codec, Database } from 'varve'

/** One number for a point, four for what is left of many: count, sum, least, greatest. */
export const numbers: Codec<number[]> = {
  name: 'numbers',
  encode(values) {
    const bytes = Buffer.allocUnsafe(values.length * 8)
    for (const [i, value] of values.entries()) bytes.writeDoubleLE(value, i * 8)
    return bytes
  },
  decode(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(i * 8, true))
  },
}

export interface Point {
  readonly series: string
  readonly timeMs: number
  readonly value: number
}

export interface Summary {
  readonly count: number
  readonly sum: number
  readonly least: number
  readonly greatest: number
}

const hourMs = 3_600_000

/**
 * Measurements by series and time, every one for a while, then a summary for each hour.
 *
 *     raw/<series>/<time>    a value
 *     hour/<series>/<time>   the summary of the hour that begins then
 *
 * A point that arrives twice is the same key twice, so a sender that is not sure may send again.
 */
export class TimeSeries {
  constructor(private readonly db: Database<string, number[]>) {}

  /** Resolves when all points are recorded, or none. */
  record(points: readonly Point[]): Promise<void> {
    return this.db.batch(
      points.map(({ series, timeMs, value }) => ({
        type: 'put',
        key: keyOf('raw', series, timeMs),
        value: [value],
      })),
    )
  }

  /** The points of [fromMs, toMs) that are not rolled up yet, by time. */
  async *points(series: string, fromMs: number, toMs: number): AsyncGenerator<Point> {
    const range = { gte: keyOf('raw', series, fromMs), lt: keyOf('raw', series, toMs) }
    for await (const [key, [value]] of this.db.entries(range)) {
      yield { series, timeMs: timeOf(key), value }
    }
  }

  /** Summaries of the hours that begin in [fromMs, toMs), rolled up or not, by time. */
  async hours(series: string, fromMs: number, toMs: number): Promise<Map<number, Summary>> {
    const found = new Map<number, Summary>()
    using now = this.db.snapshot() // both parts as of one moment, between two steps of rollUp
    for (const kind of ['hour', 'raw'] as const) {
      const range = { gte: keyOf(kind, series, fromMs), lt: keyOf(kind, series, toMs) }
      for await (const [key, values] of now.entries(range)) {
        const startMs = hourOf(timeOf(key))
        found.set(startMs, merged(found.get(startMs), summaryOf(values)))
      }
    }
    return new Map([...found].sort(([a], [b]) => a - b))
  }

  /** The names that have points which are not rolled up, found by jumping from one to the next. */
  async *series(): AsyncGenerator<string> {
    using cursor = this.db.cursor({ prefix: 'raw/', projection: 'keys' })
    for (;;) {
      const [key] = await cursor.read(1)
      if (key === undefined) return
      const name = key.split('/')[1]
      yield name
      cursor.seek(`raw/${name}0`) // '0' is the character after '/'
    }
  }

  /**
   * Replaces the points of hours that ended before `beforeMs` by their summaries. Each hour is one
   * batch, which deletes exactly the points that it counts: whenever the process dies, each point
   * is counted once. Points that come later are added.
   */
  async rollUp(beforeMs: number): Promise<void> {
    for await (const series of this.series()) {
      for (;;) {
        const [first] = this.db.keys({ prefix: `raw/${series}/`, limit: 1 })
        if (first === undefined || hourOf(timeOf(first)) + hourMs > beforeMs) break
        this.rollUpHour(series, hourOf(timeOf(first)))
        await setImmediate()
      }
    }
  }

  /** Forgets summaries of hours that began before `beforeMs`, one write for each series. */
  async forget(series: string, beforeMs: number): Promise<void> {
    await this.db.clear({ gte: keyOf('hour', series, 0), lt: keyOf('hour', series, beforeMs) })
  }

  /**
   * Synchronous from its reads to its write, so that no other code of the process comes in between.
   */
  private rollUpHour(series: string, startMs: number): void {
    const hourKey = keyOf('hour', series, startMs)
    const stored = this.db.getSync(hourKey)
    let summary = stored === undefined ? undefined : summaryOf(stored)
    const operations: BatchOperation<string, number[]>[] = []
    const range = {
      gte: keyOf('raw', series, startMs),
      lt: keyOf('raw', series, startMs + hourMs),
    }
    for (const [key, values] of this.db.entries(range)) {
      summary = merged(summary, summaryOf(values))
      operations.push({ type: 'del', key })
    }
    if (summary === undefined) return
    const { count, sum, least, greatest } = summary
    operations.push({ type: 'put', key: hourKey, value: [count, sum, least, greatest] })
    this.db.batchSync(operations)
  }
}

function summaryOf(values: number[]): Summary {
  const [first, sum = first, least = first, greatest = first] = values
  return { count: values.length === 1 ? 1 : first, sum, least, greatest }
}

function merged(a: Summary | undefined, b: Summary): Summary {
  if (a === undefined) return b
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    least: Math.min(a.least, b.least),
    greatest: Math.max(a.greatest, b.greatest),
  }
}

function keyOf(kind: 'raw' | 'hour', series: string, timeMs: number): string {
  if (series.includes('/')) throw new RangeError(`a series' name has no '/': ${series}`)
  return `${kind}/${series}/${String(timeMs).padStart(16, '0')}`
}

function timeOf(key: string): number {
  return Number(key.slice(-16))
}

function hourOf(timeMs: number): number {
  return timeMs - (timeMs % hourMs)
}
