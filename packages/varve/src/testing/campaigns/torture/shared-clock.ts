import { type Clock, systemClock } from '../../../base/clock.js'

/**
 * The wall clock of all processes in a torture run: the monotonic clock, which counts from the boot
 * of the machine. It is never set back, so an entry that expired for one process stays expired for
 * all others.
 */
export const sharedClock: Clock = {
  ...systemClock,
  wallMs: () => Math.floor(systemClock.monotonicMs()),
}
