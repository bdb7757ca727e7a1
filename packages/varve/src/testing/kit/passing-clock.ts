import { type Clock, systemClock } from '../../base/clock.js'

/**
 * The system clock, except that each read of the wall clock returns one millisecond more, starting
 * at `startMs`. Entries thus expire in the middle of operations, at the same point in every run.
 */
export function passingClock(startMs: number): Clock {
  let nowMs = startMs
  return { ...systemClock, wallMs: () => nowMs++ }
}
