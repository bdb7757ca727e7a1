import { readdirSync, statSync } from 'node:fs'
import { clearInterval, setInterval } from 'node:timers'

/** What happens in each second of a run. Owned by: the run. */
export class Seconds {
  longestBatchMs = 0
  /** Writes that ended in each second. */
  writes
  /** Bytes of the files, different keys and the engine's state, at the end of each second. */
  samples = []
  #startMs
  #take
  #timer

  constructor({ startMs, seconds, path, keys, sample }) {
    this.#startMs = startMs
    this.writes = Array.from({ length: seconds }, () => 0)
    this.#take = () => ({
      diskBytes: directoryBytes(path),
      distinct: keys.distinct,
      ...sample(),
    })
    // While writes wait; an engine that never yields to timers is sampled between its batches.
    this.#timer = setInterval(() => this.#sampleDue(), 200)
  }

  batch(fromMs, nowMs, writes) {
    const second = Math.floor((nowMs - this.#startMs) / 1000)
    if (second < this.writes.length) this.writes[second] += writes
    this.longestBatchMs = Math.max(this.longestBatchMs, nowMs - fromMs)
    this.#sampleDue()
  }

  end() {
    clearInterval(this.#timer)
  }

  #sampleDue() {
    const second = Math.floor((performance.now() - this.#startMs) / 1000)
    if (second <= this.samples.length) return
    const sample = this.#take()
    while (this.samples.length < second) this.samples.push(sample)
  }
}

/** A file may be removed while the directory is listed. */
function directoryBytes(path) {
  let sum = 0
  for (const name of readdirSync(path)) {
    sum += statSync(`${path}/${name}`, { throwIfNoEntry: false })?.size ?? 0
  }
  return sum
}
