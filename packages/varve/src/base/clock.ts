import { randomBytes } from 'node:crypto'

/** Cancels a timer. Does nothing after the timer fired. */
export type CancelTimer = () => void

/**
 * The engine's only source of time, timers and randomness. Tests replace it with a virtual clock.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. */
  wallMs(): number
  /** Milliseconds since an arbitrary start, the same on all threads. Never decreases. */
  monotonicMs(): number
  /** Calls `callback` once after `delayMs`. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): CancelTimer
  /** Like `after`, but keeps the process alive until the timer fires. */
  awaited(delayMs: number, callback: () => void): CancelTimer
  /**
   * Calls `callback` in a later turn of the event loop, after pending I/O. Keeps the process alive.
   */
  nextTurn(callback: () => void): void
  /** Blocks the calling thread. */
  sleepSync(delayMs: number): void
  /** A unique token of hexadecimal digits. */
  uniqueToken(): string
}

const sleepCell = new Int32Array(new SharedArrayBuffer(4))

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs() {
    // `performance.now()` starts at zero on each thread.
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1e3 + nanoseconds / 1e6
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
  awaited(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
  nextTurn: (callback) => void setImmediate(callback),
  sleepSync: (delayMs) => void Atomics.wait(sleepCell, 0, 0, delayMs),
  uniqueToken: () => randomBytes(8).toString('hex'),
}
