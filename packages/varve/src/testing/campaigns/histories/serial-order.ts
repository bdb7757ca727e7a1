import { type Execution, type History, precedes } from './history.js'
import { replay, type State } from './serial-replay.js'

/** Sets of executions are the bits of a number. */
const maxExecutions = 31

/**
 * An order in which the executions could have run one after another, and seen what they saw. It
 * keeps the order of executions that did not overlap. Undefined: the history is not strictly
 * serializable.
 *
 * Searches all orders, so it needs to know nothing about versions: blind writes, deletes and clears
 * are allowed (Wing and Gong, "Testing and Verifying Concurrent Objects", 1993). An execution that
 * did not commit takes part with what it read: it must have seen a state that existed.
 *
 * Requires: at most 31 executions; the time may double with each that overlaps with the others.
 */
export function serialOrder({ executions }: History): Execution[] | undefined {
  if (executions.length > maxExecutions) throw new RangeError('too many executions')
  const order: Execution[] = []
  const failed = new Set<string>()
  const predecessors = executions.map((after) =>
    executions.reduce((set, before, i) => (precedes(before, after) ? set | (1 << i) : set), 0),
  )
  const search = (done: number, state: State): boolean => {
    if (order.length === executions.length) return true
    const name = `${done} ${[...state].sort().join(' ')}`
    if (failed.has(name)) return false
    for (const [i, execution] of executions.entries()) {
      const isNext = (done & (1 << i)) === 0 && (predecessors[i] & ~done) === 0
      const after = isNext ? replay(state, execution) : undefined
      if (after === undefined) continue
      order.push(execution)
      if (search(done | (1 << i), after)) return true
      order.pop()
    }
    failed.add(name)
    return false
  }
  return search(0, new Map()) ? order : undefined
}
