const minRuns = 5
const maxRuns = 1000
const maxMs = 200

/**
 * An answer, how long it took the first time, and the median of many more times, in milliseconds.
 */
export interface TimedAnswer {
  text: string
  firstMs: number
  warmMs: number
}

/** Answers again and again: 5 to 1000 times, as many as fit into 200 ms. */
export async function timed(answer: () => Promise<string>): Promise<TimedAnswer> {
  const startMs = performance.now()
  const text = await answer()
  const firstMs = performance.now() - startMs
  const times: number[] = []
  const endMs = performance.now() + maxMs
  while (times.length < minRuns || (times.length < maxRuns && performance.now() < endMs)) {
    const runStartMs = performance.now()
    await answer()
    times.push(performance.now() - runStartMs)
  }
  times.sort((a, b) => a - b)
  return { text, firstMs, warmMs: times[times.length >> 1] }
}
