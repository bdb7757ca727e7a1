import { type Clock, systemClock } from '../../base/clock.js'
import type { Prng } from '../../base/prng.js'
import type { OpenOptions } from '../../db/api.js'
import { passingClock } from '../kit/passing-clock.js'
import { fullScale } from '../kit/workload.js'
import { type Sample, sampleDatabase } from './sample-database.js'

/** Wall clock time. */
const writtenAtMs = Date.UTC(2024, 0, 1)
const longestTtlMs = 1500

/** A sample in which every fifth put expires, some before the close and the others after it. */
export function expiringSample(
  seed: number,
  options: OpenOptions = {},
  writeCount?: number,
): Promise<Sample> {
  const given = { ...options, clock: passingClock(writtenAtMs) }
  const scale = { ...fullScale, longestTtlMs }
  return sampleDatabase(seed, given, undefined, writeCount, scale)
}

/** Draws a time to read at: before any expiry, between expiries, or after all of them. */
export function drawMoment(random: Prng): number {
  return writtenAtMs + random.below(2 * longestTtlMs)
}

/** A clock fixed at a time when no entry of a sample has expired. */
export const clockOfSamples: Clock = { ...systemClock, wallMs: () => writtenAtMs }
