import type { SingleBar } from 'cli-progress'
import type { Io } from '../io.js'
import { newBar } from './progress.js'
import { formatByteRate, formatBytes } from '../text/quantity.js'

/** A progress bar over bytes of which the total may change; nothing where there is no terminal. */
export class ByteBar {
  readonly #bar: SingleBar | undefined
  readonly #startMs = performance.now()

  constructor(label: string, stream: Io['stderr']) {
    this.#bar = newBar(stream, `${label} ▕{bar}▏ {percentage}%  {bytes}  {byteRate}`)
    this.#bar?.start(1, 0, this.#payload(0, 0))
  }

  update(doneBytes: number, totalBytes: number): void {
    this.#bar?.setTotal(Math.max(1, totalBytes))
    this.#bar?.update(doneBytes, this.#payload(doneBytes, totalBytes))
  }

  /** Leaves the line. */
  stop(): void {
    this.#bar?.stop()
  }

  #payload(doneBytes: number, totalBytes: number) {
    return {
      bytes: `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
      byteRate: formatByteRate(doneBytes, performance.now() - this.#startMs),
    }
  }
}
