import type { VirtualClock } from '../../kit/virtual-clock.js'

const maxVirtualMs = 3_600_000
/** Turns of the event loop without a timer and without an end, after which nothing will come. */
const maxIdleTurns = 20

/** What is awaited waits for nothing that could still happen. */
export class Hang extends Error {}

/** Awaits work that waits for timers of `clock`, by letting time pass up to each of them. */
export async function inVirtualTime<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = (): void => void (isSettled = true)
  work.then(settled, settled)
  const endMs = clock.monotonicMs() + maxVirtualMs
  for (let idleTurns = 0; ; idleTurns++) {
    await nextTurn()
    if (isSettled) return work
    if (clock.advanceToNextTimer()) idleTurns = 0
    if (idleTurns > maxIdleTurns || clock.monotonicMs() > endMs) {
      throw new Hang(`nothing ends it, at ${clock.monotonicMs()} ms of virtual time`)
    }
  }
}

/** Resolves when all that is ready to run has run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
