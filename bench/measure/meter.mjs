import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from './latency-histogram.mjs'
import { cpuSeconds } from './process-figures.mjs'

/** Width of a step of the throughput-over-time curve. */
export const slotMs = 20

const delayResolutionMs = 5

/** A read of the clock takes 0.07 µs: too much to spend on every read of a record. */
const readsPerSample = 16

/**
 * Runs one workload's operations and times them: the whole as the figure of throughput, each write
 * and every 16th read as latency. Stops after `maxSeconds`, because a slow engine would take for
 * ever; its work until then counts.
 */
export class Meter {
  operations = 0
  #latencies = new LatencyHistogram()
  #slots = []
  #delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
  #isSynchronous = false
  #start = 0
  #startCpu = 0
  #seconds = 0
  #cpuSeconds = 0

  constructor(maxSeconds) {
    this.maxMs = maxSeconds * 1000
  }

  /** One awaited after the other. `weight`: records that one operation handles. */
  async writes(count, operation, weight = 1) {
    this.#begin()
    let last = this.#start
    for (let i = 0; i < count; i++) {
      await operation(i)
      const now = performance.now()
      this.#record(now - last, now, weight)
      if (now - this.#start > this.maxMs) break
      last = now
    }
    await this.#end()
  }

  /** The same through a synchronous call. */
  async writesSync(count, operation) {
    this.#isSynchronous = true
    this.#begin()
    let last = this.#start
    for (let i = 0; i < count; i++) {
      operation(i)
      const now = performance.now()
      this.#record(now - last, now, 1)
      if (now - this.#start > this.maxMs) break
      last = now
    }
    await this.#end()
  }

  /** `width` at once; the latency of each is that of the slowest of its group. */
  async concurrentWrites(count, width, operation) {
    this.#begin()
    let last = this.#start
    for (let i = 0; i < count; i += width) {
      const group = []
      for (let j = i; j < Math.min(count, i + width); j++) group.push(operation(j))
      await Promise.all(group)
      const now = performance.now()
      this.#record(now - last, now, group.length)
      if (now - this.#start > this.maxMs) break
      last = now
    }
    await this.#end()
  }

  /** One awaited after the other; `operation` gives what was read, `check` judges it. */
  async reads(count, operation, check) {
    this.#begin()
    for (let i = 0; i < count; i++) {
      if (i % readsPerSample !== 0) {
        check(await operation(i), i)
        continue
      }
      const before = performance.now()
      check(await operation(i), i)
      const now = performance.now()
      this.#record(now - before, now, Math.min(readsPerSample, count - i))
      if (now - this.#start > this.maxMs) break
    }
    await this.#end()
  }

  async readsSync(count, operation, check) {
    this.#isSynchronous = true
    this.#begin()
    for (let i = 0; i < count; i++) {
      if (i % readsPerSample !== 0) {
        check(operation(i), i)
        continue
      }
      const before = performance.now()
      check(operation(i), i)
      const now = performance.now()
      this.#record(now - before, now, Math.min(readsPerSample, count - i))
      if (now - this.#start > this.maxMs) break
    }
    await this.#end()
  }

  /** A walk over many entries, timed as a whole; gives their number. */
  async whole(walk) {
    this.#isSynchronous = true
    this.#begin()
    this.operations = await walk()
    await this.#end()
  }

  /** Plain data, for the report. */
  figures() {
    const latencies = this.#latencies
    const us = (share) => Number(latencies.percentileUs(share).toPrecision(4))
    const delayMs = (share) => Number((this.#delay.percentile(share) / 1e6).toFixed(1))
    return {
      operations: this.operations,
      microseconds: (this.#seconds * 1e6) / this.operations,
      cpuMicroseconds: (this.#cpuSeconds * 1e6) / this.operations,
      cpuSeconds: Number(this.#cpuSeconds.toFixed(3)),
      ...(latencies.count > 0 && {
        latency: { p50: us(0.5), p99: us(0.99), p999: us(0.999), max: us(1) },
        curve: latencies.curve(),
        perSlot: Array.from(this.#slots, (slot) => slot ?? 0),
      }),
      ...(!this.#isSynchronous && {
        eventLoopDelayMs: { p50: delayMs(50), p99: delayMs(99), max: delayMs(100) },
      }),
    }
  }

  #begin() {
    if (!this.#isSynchronous) this.#delay.enable()
    this.#startCpu = cpuSeconds()
    this.#start = performance.now()
  }

  #record(durationMs, now, operations) {
    this.#latencies.record(durationMs)
    this.operations += operations
    const slot = Math.floor((now - this.#start) / slotMs)
    this.#slots[slot] = (this.#slots[slot] ?? 0) + operations
  }

  async #end() {
    this.operations = Math.round(this.operations)
    this.#seconds = (performance.now() - this.#start) / 1000
    this.#cpuSeconds = cpuSeconds() - this.#startCpu
    // The timer of the delay fires: where the loop never turned, it was held up all the time.
    if (!this.#isSynchronous) await sleep(2 * delayResolutionMs)
    this.#delay.disable()
  }
}
