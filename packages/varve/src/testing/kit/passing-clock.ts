import { type Clock, systemClock } from '../../base/clock.js'

/**
 * The system's clock, but of the wall: each look at that finds it a millisecond later, from `startMs`
 * on. So what expires does so while something is done, and at the same moment in every run.
 */
export function passingClock(startMs: number): Clock {
  let nowMs = startMs
  return { ...systemClock, wallMs: () => nowMs++ }
}
