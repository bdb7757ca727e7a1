import { randomBytes } from 'node:crypto'

/** Cancels what a timer would have done; harmless after it fired. */
export type CancelTimer = () => void

/**
 * The only way by which the engine learns the time, waits, or draws randomness. Tests put a virtual
 * clock in its place.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. */
  wallMs(): number
  /** Milliseconds since an arbitrary start, the same on all threads; never goes back. */
  monotonicMs(): number
  /** Calls back once after `delayMs`; does not keep the process alive. */
  after(delayMs: number, callback: () => void): CancelTimer
  /** The same for something that is waited for: keeps the process alive until then. */
  awaited(delayMs: number, callback: () => void): CancelTimer
  /** Calls back in a later turn of the event loop, after pending I/O; keeps the process alive. */
  nextTurn(callback: () => void): void
  /** Blocks the calling thread. */
  sleepSync(delayMs: number): void
  /** A token that no other caller gets, as hexadecimal digits. */
  uniqueToken(): string
}

const sleepCell = new Int32Array(new SharedArrayBuffer(4))

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs() {
    // `performance.now()` begins anew on each thread.
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
