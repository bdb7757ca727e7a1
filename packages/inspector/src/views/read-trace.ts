import type { ExplainStep } from 'varve'
import { base64 } from '../live/tree-differ.js'
import type { BinaryDatabase } from '../live/broadcast.js'
import type { ReadAnswer, ReadStep } from '../protocol/answers.js'

/** One read, step by step. @throws INVALID_ARGUMENT for an empty or too long key */
export function traceRead(db: BinaryDatabase, key: Uint8Array): ReadAnswer {
  const { outcome, steps } = db.explain(key, { detail: true })
  const wireSteps = steps.map(wireStep)
  const durationMs = wireSteps.reduce((sum, step) => sum + step.durationMs, 0)
  return { outcome, durationMs, steps: wireSteps }
}

function wireStep(step: ExplainStep): ReadStep {
  const { filterProbes, indexSearch, indexEntry, durationMs = 0, ...rest } = step
  return {
    ...rest,
    durationMs,
    ...(filterProbes && {
      filterProbes: { ...filterProbes, line: base64(filterProbes.line) },
    }),
    ...(indexSearch && {
      indexSearch: indexSearch.map((one) => ({ ...one, separator: base64(one.separator) })),
    }),
    ...(indexEntry && {
      indexEntry: { ...indexEntry, separator: base64(indexEntry.separator) },
    }),
  }
}
