import { SingleBar } from 'cli-progress'
import type { Io } from '../io.js'
import { formatByteRate, formatCount, formatRate } from '../text/quantity.js'

export interface ProgressOptions {
  label: string
  /** The total: bytes of the input or number of records; undefined if unknown. */
  total: number | undefined
  unit: 'bytes' | 'records'
  /** Where the bar is drawn if it is a terminal; default standard error. */
  stream?: Io['stderr']
}

const redrawsPerSecond = 10

/** The bar of a terminal; undefined where there is none. */
export function newBar(stream: Io['stderr'], format: string): SingleBar | undefined {
  if (stream.isTTY !== true) return undefined
  return new SingleBar({
    format,
    barCompleteChar: '█',
    barIncompleteChar: ' ',
    barsize: 28,
    fps: redrawsPerSecond,
    stream,
    linewrap: null,
    gracefulExit: false,
  })
}

/**
 * A progress bar on a terminal; nothing at all where there is none. It is pushed by
 * `update`, costs next to nothing between redraws, and must be stopped.
 */
export class Progress {
  readonly #bar: SingleBar | undefined
  readonly #startMs = performance.now()
  #nextMs = 0

  constructor(private readonly options: ProgressOptions) {
    const stream = options.stream ?? process.stderr
    const { label, total } = options
    const gauge = total === undefined ? '' : '▕{bar}▏ {percentage}% '
    this.#bar = newBar(stream, `${label} ${gauge} {records} records  {recordRate}  {byteRate}`)
    this.#bar?.start(total ?? 0, 0, this.#payload(0, 0))
  }

  update(records: number, bytes: number): void {
    const nowMs = performance.now()
    if (this.#bar === undefined || nowMs < this.#nextMs) return
    this.#nextMs = nowMs + 1000 / redrawsPerSecond
    this.#draw(records, bytes)
  }

  /** Draws the final figures and leaves the line. */
  stop(records: number, bytes: number): void {
    this.#draw(records, bytes)
    this.#bar?.stop()
  }

  #draw(records: number, bytes: number): void {
    const done = this.options.unit === 'bytes' ? bytes : records
    this.#bar?.update(done, this.#payload(records, bytes))
  }

  #payload(records: number, bytes: number) {
    const elapsedMs = performance.now() - this.#startMs
    return {
      records: formatCount(records),
      recordRate: formatRate(records, elapsedMs, 'records'),
      byteRate: formatByteRate(bytes, elapsedMs),
    }
  }
}
