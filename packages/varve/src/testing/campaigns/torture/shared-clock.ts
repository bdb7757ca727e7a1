import { type Clock, systemClock } from '../../../base/clock.js'

/**
 * The wall clock of all processes of a torture: what each has for its monotonic clock, which counts from
 * the start of the machine. Nobody sets it meanwhile, so what one process has seen expired no other
 * may find.
 */
export const sharedClock: Clock = {
  ...systemClock,
  wallMs: () => Math.floor(systemClock.monotonicMs()),
}
