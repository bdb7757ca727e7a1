import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import ts from 'typescript'
import { CountedEngine, withCounters } from './counted-engine.js'
import { measureFilters } from './filter-measures.js'
import { measureAt } from './measure.js'
import { growthProblems, type Measurement } from './measurement.js'

const engine = new CountedEngine()
after(() => engine.close())

test('no operation grows faster than theory predicts', async () => {
  const measurements: Measurement[] = []
  for (const size of [1000, 10_000, 100_000]) measurements.push(...(await measureAt(engine, size)))
  assert.deepEqual(growthProblems(measurements), [])
  const reads = measurements.filter(({ operation }) => operation === 'table point read')
  assert.deepEqual(
    reads.map(({ counts }) => counts.blocks),
    [1, 1, 1],
  )
})

test('filters let through about as many keys as theory predicts', () => {
  for (const { bitsPerKey, measured, theory } of measureFilters([2, 5, 10], 20_000, 50_000)) {
    assert.ok(measured < 1.5 * theory, `${bitsPerKey} bits: ${measured}, in theory ${theory}`)
    assert.ok(measured > theory / 1.5, `${bitsPerKey} bits: ${measured}, in theory ${theory}`)
  }
})

/** The counts of an operation that grows exactly as `growth` says. */
function measured(steps: (size: number) => number, growth: Measurement['growth']): Measurement[] {
  return [1000, 10_000, 100_000].map((size) => ({
    operation: 'a test',
    theory: '',
    growth,
    size,
    counts: { steps: steps(size) },
  }))
}

test('growth that is too fast is reported', () => {
  const log = (n: number): number => 50 + 2 * Math.log2(n)
  assert.deepEqual(growthProblems(measured(() => 40, 'constant')), [])
  assert.deepEqual(growthProblems(measured(log, 'logarithmic')), [])
  assert.notDeepEqual(growthProblems(measured(log, 'constant')), [])
  assert.equal(growthProblems(measured(Math.sqrt, 'logarithmic')).length, 3)
  assert.equal(growthProblems(measured((n) => 50 + n / 500, 'constant')).length, 3)
})

test('every function and every loop has a counter', () => {
  const program = `
    function compareAll(a) { for (const x of a) if (x) go(x); while (false) {} }
    class A { get b() { return 1 } constructor() { do f(); while (0) } }
    const c = (d) => d`
  const counted = withCounters(program)
  assert.equal(counted.split('__varveWork[0]++').length - 1, 6)
  assert.equal(counted.split('__varveWork[1]++').length - 1, 1)
  assert.deepEqual(ts.transpileModule(counted, { reportDiagnostics: true }).diagnostics, [])
})
