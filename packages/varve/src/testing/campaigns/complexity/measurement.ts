import type { Work } from './counted-engine.js'

/** What is counted, each of it for one operation or one entry. */
export interface Counts {
  readonly steps: number
  readonly comparisons?: number
  /** Blocks of tables that were looked into. */
  readonly blocks?: number
  /** Calls of the file system that write. */
  readonly writes?: number
  readonly readBytes?: number
  readonly writtenBytes?: number
  /** Share of the keys asked for that a filter wrongly let through. */
  readonly falsePositives?: number
}

/** How the counts may grow with the number of entries. */
export type Growth = 'constant' | 'logarithmic'

/** One operation at one size. */
export interface Measurement {
  readonly operation: string
  /** What theory says of the whole operation, such as 'O(n)'. */
  readonly theory: string
  /** What that means for the counts, which are for each entry where the operation is linear. */
  readonly growth: Growth
  /** Entries. */
  readonly size: number
  readonly counts: Counts
}

/** Of work done `times` times over. */
export function perTime({ steps, comparisons }: Work, times: number): Counts {
  return { steps: steps / times, comparisons: comparisons / times }
}

/** What is no growth: another last block, another place in the hash index. */
const tolerance = { share: 1.1, steps: 2, others: 0.2 }
/** A search that halves takes so many steps more, at most, when there is twice as much. */
const stepsPerDoubling = 3

/** Says which counts grow faster than they may from the smallest size to any larger one. */
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
