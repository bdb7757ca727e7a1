import { type Clock, systemClock } from '../../base/clock.js'
import type { Prng } from '../../base/prng.js'
import type { OpenOptions } from '../../db/api.js'
import { passingClock } from '../kit/passing-clock.js'
import { fullScale } from '../kit/workload.js'
import { type Sample, sampleDatabase } from './sample-database.js'

/** By the wall clock. */
const writtenAtMs = Date.UTC(2024, 0, 1)
const longestTtlMs = 1500

/** A sample of which every fifth put expires: some did before it was closed, others wait for it. */
export function expiringSample(
  seed: number,
  options: OpenOptions = {},
  writeCount?: number,
): Promise<Sample> {
  const given = { ...options, clock: passingClock(writtenAtMs) }
  const scale = { ...fullScale, longestTtlMs }
  return sampleDatabase(seed, given, undefined, writeCount, scale)
}

/** A moment to read the samples at: nothing has expired by it, some, or all that ever does. */
export function drawMoment(random: Prng): number {
  return writtenAtMs + random.below(2 * longestTtlMs)
}

/** Stands where nothing that a sample holds has expired. */
export const clockOfSamples: Clock = { ...systemClock, wallMs: () => writtenAtMs }
