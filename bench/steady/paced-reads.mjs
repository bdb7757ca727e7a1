import { clearInterval, setInterval } from 'node:timers'
import { LatencyHistogram } from '../measure/latency-histogram.mjs'

/**
 * Gets at a fixed rate, whatever the engine does. A get is timed from the moment at which it was
 * due, so a late start counts.
 */
export class PacedReads {
  latencies = new LatencyHistogram()
  #rate
  #startMs
  #read
  #started = 0
  #timer

  constructor({ readsPerSecond }, startMs, read) {
    this.#rate = readsPerSecond / 1000
    this.#startMs = startMs
    this.#read = read
    // While writes wait, nothing else starts reads.
    if (readsPerSecond > 0) this.#timer = setInterval(() => this.startDue(), 1)
  }

  startDue() {
    const due = Math.floor((performance.now() - this.#startMs) * this.#rate)
    while (this.#started < due) void this.#run(this.#startMs + this.#started++ / this.#rate)
  }

  stop() {
    clearInterval(this.#timer)
  }

  async #run(dueMs) {
    await this.#read()
    this.latencies.record(performance.now() - dueMs)
  }
}
