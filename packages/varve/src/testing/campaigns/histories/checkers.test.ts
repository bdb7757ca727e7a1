import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dependencyProblem } from './dependency-cycle.js'
import type { Execution, History, Step } from './history.js'
import { serialOrder } from './serial-order.js'

const get = (key: string, found?: number): Step => ({ type: 'get', key, found })
const put = (key: string, value: number): Step => ({ type: 'put', key, value })
const scan = (found: [string, number][], limit = 9, reverse = false): Step => ({
  type: 'scan',
  span: { gte: 'a', lt: 'z' },
  found,
  limit,
  reverse,
})

/** `at`: its first and last tick. */
function execution(at: [number, number], ...steps: Step[]): Execution {
  return { name: `t${at[0]}`, startTick: at[0], endTick: at[1], steps, isCommitted: true }
}

function rolledBack(at: [number, number], ...steps: Step[]): Execution {
  return { ...execution(at, ...steps), isCommitted: false }
}

function historyOf(...executions: Execution[]): History {
  return { keys: ['x', 'y'], executions }
}

const setUp = execution([0, 1], get('x'), get('y'), put('x', 1), put('y', 2))

const refused: Record<string, History> = {
  'G1a: a read of a write that was rolled back': historyOf(
    rolledBack([0, 5], get('x'), put('x', 1)),
    execution([1, 4], get('x', 1)),
  ),
  'G1b: a read of an intermediate write': historyOf(
    execution([0, 5], get('x'), put('x', 1), put('x', 2)),
    execution([1, 4], get('x', 1)),
  ),
  'G1c: circular information flow': historyOf(
    execution([0, 4], get('x'), put('x', 1), get('y', 2)),
    execution([1, 5], get('y'), put('y', 2), get('x', 1)),
  ),
  'lost update': historyOf(
    setUp,
    execution([2, 4], get('x', 1), put('x', 3)),
    execution([3, 5], get('x', 1), put('x', 4)),
  ),
  'write skew': historyOf(
    setUp,
    execution([2, 4], get('x', 1), get('y', 2), put('x', 3)),
    execution([3, 5], get('x', 1), get('y', 2), put('y', 4)),
  ),
  phantom: historyOf(
    execution([2, 4], scan([]), get('x'), put('x', 3)),
    execution([3, 5], scan([]), get('y'), put('y', 4)),
  ),
  'phantom before the limit of a scan in reverse': historyOf(
    execution([0, 1], get('x'), put('x', 1)),
    execution([2, 4], scan([['x', 1]], 1, true), put('x', 3)),
    execution([3, 5], get('y'), get('x', 1), put('y', 4)),
  ),
  'read-only anomaly': historyOf(
    setUp,
    execution([2, 9], get('x', 1), get('y', 2), put('x', 11)),
    execution([3, 4], get('y', 2), put('y', 20)),
    execution([5, 6], get('x', 1), get('y', 20)),
  ),
  'fractured read': historyOf(
    setUp,
    execution([2, 5], get('x', 1), get('y', 2), put('x', 3), put('y', 4)),
    execution([3, 4], get('x', 3), get('y', 2)),
  ),
  'fractured read of an execution that is refused': historyOf(
    setUp,
    execution([2, 5], get('x', 1), get('y', 2), put('x', 3), put('y', 4)),
    rolledBack([3, 4], get('x', 3), get('y', 2)),
  ),
  'stale read': historyOf(setUp, execution([2, 3], get('x'))),
}

for (const [name, history] of Object.entries(refused)) {
  test(`refuses: ${name}`, () => {
    assert.notEqual(dependencyProblem(history), undefined)
    assert.equal(serialOrder(history), undefined)
  })
}

test('the search refuses interleaved blind writes (G0)', () => {
  const history = historyOf(
    execution([0, 4], put('x', 1), put('y', 2)),
    execution([1, 5], put('y', 3), put('x', 4)),
    execution([6, 7], get('x', 1), get('y', 3)),
  )
  assert.equal(serialOrder(history), undefined)
})

test('the search refuses a deleted key that returns', () => {
  const deleted = execution([2, 3], { type: 'clear', span: { gte: 'x', lt: 'y' } })
  assert.equal(serialOrder(historyOf(setUp, deleted, execution([4, 5], get('x', 1)))), undefined)
})

test('accepts what could have run in turn, and finds the order', () => {
  const late = execution([2, 9], get('x', 1), put('x', 3))
  const history = historyOf(
    setUp,
    late,
    execution([3, 4], scan([['x', 1]], 1), get('y', 2), put('y', 4)),
    rolledBack([5, 6], get('x', 1), get('y', 4), put('y', 5)),
    execution([10, 11], scan([['y', 4]], 1, true), get('x', 3)),
  )
  assert.equal(dependencyProblem(history), undefined)
  assert.deepEqual(
    serialOrder(history)?.map(({ name }) => name),
    ['t0', 't3', 't5', 't2', 't10'],
  )
})
