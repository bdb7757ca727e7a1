import type { SampleMessage } from '../../../src/protocol/messages.js'

/** Reads a figure of a sample. */
export type Figure = (sample: SampleMessage) => number

/** A figure at each sample, with gaps where the stream was interrupted. */
export function values(samples: readonly SampleMessage[], figure: Figure): number[] {
  return samples.slice(1).map(figure)
}

/** The growth of a counter per second, from each sample to the next. */
export function rates(samples: readonly SampleMessage[], counter: Figure): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index]
    const seconds = (sample.atMs - before.atMs) / 1000
    // A reopened database counts from zero.
    return seconds <= 0 ? 0 : Math.max(0, counter(sample) - counter(before)) / seconds
  })
}

/** The share of one counter's growth in that of both; null where neither grew. */
export function shares(
  samples: readonly SampleMessage[],
  part: Figure,
  rest: Figure,
): (number | null)[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index]
    const partGrowth = part(sample) - part(before)
    const growth = partGrowth + rest(sample) - rest(before)
    return growth <= 0 ? null : partGrowth / growth
  })
}

/** Seconds since 1970 of each value. */
export function times(samples: readonly SampleMessage[]): number[] {
  return samples.slice(1).map(({ atMs }) => atMs / 1000)
}
