import type { Work } from './counted-engine.js'

/** Counts per operation or per entry. */
export interface Counts {
  readonly steps: number
  readonly comparisons?: number
  /** Table blocks searched. */
  readonly blocks?: number
  /** File system calls that write. */
  readonly writes?: number
  readonly readBytes?: number
  readonly writtenBytes?: number
  /** Share of absent keys that a filter let through. */
  readonly falsePositives?: number
}

/** How the counts may grow with the number of entries. */
export type Growth = 'constant' | 'logarithmic'

/** One operation at one size. */
export interface Measurement {
  readonly operation: string
  /** The cost in theory of the whole operation, such as 'O(n)'. */
  readonly theory: string
  /** The growth that follows for the counts. Linear operations are counted per entry. */
  readonly growth: Growth
  /** Number of entries. */
  readonly size: number
  readonly counts: Counts
}

/** The counts per repetition of work that ran `times` times. */
export function perTime({ steps, comparisons }: Work, times: number): Counts {
  return { steps: steps / times, comparisons: comparisons / times }
}

/** Differences that do not count as growth: another last block, another slot in the hash index. */
const tolerance = { share: 1.1, steps: 2, others: 0.2 }
/** The steps that a binary search may add when the number of entries doubles. */
const stepsPerDoubling = 3

/** Returns the counts that grow too fast from the smallest size to any larger one. */
export function growthProblems(measurements: readonly Measurement[]): string[] {
  const problems: string[] = []
  for (const small of measurements) {
    for (const large of measurements) {
      if (large.operation !== small.operation || large.size <= small.size) continue
      const doublings = Math.log2(large.size / small.size)
      for (const [name, count] of Object.entries(large.counts) as [keyof Counts, number][]) {
        if (name === 'falsePositives') continue
        const before = small.counts[name] ?? 0
        const most = before * tolerance.share + allowance(small.growth, name, doublings)
        if (count <= most) continue
        problems.push(
          `${small.operation}, ${small.theory}: ${name} ${before.toFixed(1)} at ${small.size} ` +
            `entries, ${count.toFixed(1)} at ${large.size}`,
        )
      }
    }
  }
  return problems
}

function allowance(growth: Growth, name: keyof Counts, doublings: number): number {
  const halved = name === 'steps' || name === 'comparisons'
  const searches = growth === 'logarithmic' && halved ? stepsPerDoubling * doublings : 0
  return searches + (name === 'steps' ? tolerance.steps : tolerance.others)
}
