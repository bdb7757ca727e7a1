import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../base/testing/fast-check.js'
import { noStallThresholds } from '../../compaction/pickers/compaction-options.js'
import { maxSealedMemtables } from '../../tree/arena-pool.js'
import { type Backlog, writePressure } from './write-pressure.js'

const limits = { l0Slowdown: 8, l0Stop: 12, debtSlowdownBytes: 1000, debtStopBytes: 3000 }
const calm: Backlog = {
  memtableBytes: 100,
  sealedCount: 0,
  activeFill: 0,
  level0Count: 0,
  mergedLevel0: 0,
  debtBytes: 0,
  mergedBytes: 0,
}

const pressureOf = (backlog: Partial<Backlog>, needsMemtable = false) =>
  writePressure({ ...calm, ...backlog }, limits, needsMemtable)

test('a small backlog has no pressure', () => {
  assert.equal(pressureOf({}), undefined)
  assert.equal(pressureOf({}, true), undefined)
  assert.equal(pressureOf({ sealedCount: 1, activeFill: 1 }), undefined)
  assert.equal(pressureOf({ level0Count: 2 }), undefined)
})

test('level 0 is half-way at its slowdown threshold and stops writes at its stop', () => {
  const level0 = { cause: 'level0', spanBytes: 1300 }
  assert.deepEqual(pressureOf({ level0Count: 4 }), { ...level0, fraction: 1 / 4 })
  assert.deepEqual(pressureOf({ level0Count: 8 }), { ...level0, fraction: 1 / 2 })
  assert.deepEqual(pressureOf({ level0Count: 11 }), { ...level0, fraction: 0.8 })
  assert.deepEqual(pressureOf({ level0Count: 12 }), { ...level0, fraction: 1 })
})

test('memtables on their way to level 0 count, and what merges have read does not', () => {
  const fraction = pressureOf({ level0Count: 6 })?.fraction
  assert.equal(pressureOf({ level0Count: 4, sealedCount: 1, activeFill: 1 })?.fraction, fraction)
  assert.equal(pressureOf({ level0Count: 10, mergedLevel0: 4 })?.fraction, fraction)
  assert.equal(pressureOf({ level0Count: 14, mergedLevel0: 2 })?.fraction, 1)
  assert.ok(pressureOf({ level0Count: 11, sealedCount: 1, activeFill: 1 })!.fraction < 1)
})

test('debt is half-way at its slowdown threshold and stops writes at its stop', () => {
  const debt = { cause: 'debt', spanBytes: 3000 }
  assert.deepEqual(pressureOf({ debtBytes: 500 }), { ...debt, fraction: 1 / 4 })
  assert.deepEqual(pressureOf({ debtBytes: 1000 }), { ...debt, fraction: 1 / 2 })
  assert.deepEqual(pressureOf({ debtBytes: 2000 }), { ...debt, fraction: 3 / 4 })
  assert.deepEqual(pressureOf({ debtBytes: 3000 }), { ...debt, fraction: 1 })
  assert.equal(pressureOf({ debtBytes: 1500, mergedBytes: 1000 })?.fraction, 1 / 4)
})

test('memtables stop writes when none is left', () => {
  const sealedCount = maxSealedMemtables
  const memtables = { cause: 'memtables', spanBytes: 100 * (maxSealedMemtables + 1) }
  const fast = { ...limits, l0Slowdown: 100, l0Stop: 200 }
  const of = (activeFill: number, needsMemtable = false) =>
    writePressure({ ...calm, sealedCount, activeFill }, fast, needsMemtable)
  assert.notEqual(of(0.5)?.cause, 'memtables')
  assert.deepEqual(of(0.75), { ...memtables, fraction: 0.99 / 2 })
  assert.equal(of(1)?.fraction, 0.99)
  assert.deepEqual(of(0, true), { ...memtables, fraction: 1 })
  assert.equal(pressureOf({ sealedCount: sealedCount - 1, activeFill: 1 }, true), undefined)
})

test('equal thresholds stop at once, and infinite ones never', () => {
  const tight = { l0Slowdown: 2, l0Stop: 2, debtSlowdownBytes: 10, debtStopBytes: 10 }
  assert.equal(writePressure({ ...calm, level0Count: 2 }, tight, false)?.fraction, 1)
  assert.equal(writePressure({ ...calm, debtBytes: 10 }, tight, false)?.fraction, 1)
  const huge = { ...calm, level0Count: 1e6, debtBytes: 2 ** 50 }
  assert.equal(writePressure(huge, noStallThresholds, true), undefined)
})

test('more backlog never means less pressure, and merging never means more', () => {
  const backlog = fc.record({
    sealedCount: fc.nat(4),
    activeFill: fc.double({ min: 0, max: 1, noNaN: true }),
    level0Count: fc.nat(20),
    debtBytes: fc.nat(5000),
  })
  fc.assert(
    fc.property(backlog, backlog, fc.boolean(), fc.nat(20), (a, b, needsMemtable, merged) => {
      const both = {
        sealedCount: Math.max(a.sealedCount, b.sealedCount),
        activeFill: Math.max(a.activeFill, b.activeFill),
        level0Count: Math.max(a.level0Count, b.level0Count),
        debtBytes: Math.max(a.debtBytes, b.debtBytes),
      }
      const fraction = (one: Partial<Backlog>): number =>
        pressureOf(one, needsMemtable)?.fraction ?? 0
      assert.ok(fraction(both) >= Math.max(fraction(a), fraction(b)))
      assert.ok(fraction(both) <= 1)
      const mergedLevel0 = Math.min(merged, a.level0Count)
      assert.ok(fraction({ ...a, mergedLevel0, mergedBytes: merged }) <= fraction(a))
    }),
  )
})
