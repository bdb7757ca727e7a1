import type { VirtualClock } from '../../kit/virtual-clock.js'

const maxVirtualMs = 3_600_000
/** After this many event loop turns without a timer or progress, the work is stuck. */
const maxIdleTurns = 20

/** The awaited work waits for something that can no longer happen. */
class Hang extends Error {}

/** Awaits work that depends on timers of `clock`, and advances the clock from timer to timer. */
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
      throw new Hang(`the work is stuck at ${clock.monotonicMs()} ms of virtual time`)
    }
  }
}

/** Resolves after all callbacks that are ready have run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
