import type { Execution, Span, Step } from './history.js'

export type State = ReadonlyMap<string, number>

/**
 * The state after `execution`, if it ran alone in `state` and saw what it saw. Undefined: it would
 * have seen something else.
 */
export function replay(state: State, { steps, isCommitted }: Execution): State | undefined {
  const own = new Map(state)
  for (const step of steps) if (!apply(own, step)) return undefined
  return isCommitted ? own : state
}

function apply(state: Map<string, number>, step: Step): boolean {
  switch (step.type) {
    case 'get':
      return state.get(step.key) === step.found
    case 'put':
      state.set(step.key, step.value)
      return true
    case 'del':
      state.delete(step.key)
      return true
    case 'clear':
      for (const key of state.keys()) if (contains(step.span, key)) state.delete(key)
      return true
    case 'scan': {
      const keys = [...state.keys()].filter((key) => contains(step.span, key)).sort()
      if (step.reverse) keys.reverse()
      const expected = keys.slice(0, step.limit)
      const { found } = step
      return (
        expected.length === found.length &&
        expected.every((key, i) => key === found[i][0] && state.get(key) === found[i][1])
      )
    }
  }
}

export function contains({ gte, lt }: Span, key: string): boolean {
  return key >= gte && key < lt
}
