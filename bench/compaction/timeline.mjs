/** What happens in each tenth of a second of a run. */
export const slotMs = 100

/** Latencies, throughput and the state of the tree over time. Owned by: a run. */
export class Timeline {
  #startMs
  #slots = []

  constructor(startMs) {
    this.#startMs = startMs
  }

  /** An operation that ended at `nowMs`. */
  operation(nowMs, latencyMs) {
    const slot = this.#slotAt(nowMs)
    slot.latencies.push(latencyMs)
  }

  /** A turn of the event loop that ended at `nowMs`, and its distance from the previous one. */
  turn(nowMs, gapMs) {
    const slot = this.#slotAt(nowMs)
    if (gapMs > slot.turnMs) slot.turnMs = gapMs
  }

  /** How things stand at `nowMs`; `figures` are numbers by name. */
  sample(nowMs, figures) {
    Object.assign(this.#slotAt(nowMs), figures)
  }

  /** One row per slot. A figure that was not sampled in a slot keeps its last value. */
  rows() {
    let last = {}
    return this.#slots.map(({ latencies, ...sampled }, i) => {
      last = { ...last, ...sampled }
      latencies.sort((a, b) => a - b)
      const ms = (share) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0
      return {
        ms: i * slotMs,
        operations: latencies.length,
        p50Ms: ms(0.5),
        p99Ms: ms(0.99),
        maxMs: ms(1),
        ...last,
      }
    })
  }

  #slotAt(nowMs) {
    const index = Math.floor((nowMs - this.#startMs) / slotMs)
    while (this.#slots.length <= index) {
      this.#slots.push({ latencies: [], turnMs: 0 })
    }
    return this.#slots[index]
  }
}
