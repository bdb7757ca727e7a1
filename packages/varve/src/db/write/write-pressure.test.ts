import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../base/testing/fast-check.js'
import { maxSealedMemtables } from '../../tree/arena-pool.js'
import { type Backlog, writePressure } from './write-pressure.js'

const limits = {
  l0Trigger: 4,
  l0Slowdown: 8,
  l0Stop: 12,
  debtSlowdownBytes: 1000,
  debtStopBytes: 3000,
}
const unlimitedDebt = { debtSlowdownBytes: Infinity, debtStopBytes: Infinity }
const calm: Backlog = {
  sealedCount: 0,
  activeFill: 0,
  level0Count: 0,
  mergedLevel0: 0,
  debtBytes: 0,
}

const pressureOf = (backlog: Partial<Backlog>, needsMemtable = false) =>
  writePressure({ ...calm, ...backlog }, limits, needsMemtable)

test('each cause begins and ends where its limits say', () => {
  assert.equal(pressureOf({}), undefined)
  assert.equal(pressureOf({}, true), undefined)

  assert.equal(pressureOf({ level0Count: 4 }), undefined)
  assert.equal(pressureOf({ level0Count: 6 })?.fraction, 0.25)
  assert.equal(pressureOf({ level0Count: 8 })?.fraction, 0.5)
  assert.deepEqual(pressureOf({ level0Count: 11 }), { cause: 'level0', fraction: 0.8 })
  assert.deepEqual(pressureOf({ level0Count: 12 }), { cause: 'level0', fraction: 1 })

  assert.equal(pressureOf({ debtBytes: 1000 }), undefined)
  assert.deepEqual(pressureOf({ debtBytes: 2000 }), { cause: 'debt', fraction: 1 / 2 })
  assert.deepEqual(pressureOf({ debtBytes: 3000 }), { cause: 'debt', fraction: 1 })

  const sealedCount = maxSealedMemtables
  assert.equal(pressureOf({ sealedCount: sealedCount - 1, activeFill: 1 }, true), undefined)
  assert.equal(pressureOf({ sealedCount, activeFill: 0.5 }), undefined)
  assert.deepEqual(pressureOf({ sealedCount, activeFill: 0.75 }), {
    cause: 'memtables',
    fraction: 0.99 / 2,
  })
  assert.equal(pressureOf({ sealedCount, activeFill: 1 })?.fraction, 0.99)
  assert.deepEqual(pressureOf({ sealedCount }, true), { cause: 'memtables', fraction: 1 })
})

test('tables on their way to level 0 count, and those already merged do not', () => {
  const level0Count = 7
  assert.equal(pressureOf({ level0Count, sealedCount: 1 })?.fraction, 0.5)
  assert.equal(pressureOf({ level0Count, activeFill: 0.5 })?.fraction, 7 / 16)
  assert.equal(pressureOf({ level0Count, mergedLevel0: 2.5, activeFill: 0.5 })?.fraction, 1 / 8)
  assert.equal(pressureOf({ level0Count: 20, mergedLevel0: 8 })?.fraction, 1)
  assert.equal(pressureOf({ level0Count: 20, mergedLevel0: 8.5 })?.fraction, 0.85)
  assert.equal(pressureOf({ level0Count: 11, sealedCount: 2, activeFill: 1 })?.fraction, 0.99)
})

test('while no merge of level 0 is due, no write waits for one', () => {
  const limits = { l0Trigger: 8, l0Slowdown: 8, l0Stop: 8, ...unlimitedDebt }
  const pressure = (backlog: Partial<Backlog>) =>
    writePressure({ ...calm, ...backlog }, limits, false)
  assert.equal(pressure({ level0Count: 7, sealedCount: 1, activeFill: 1 }), undefined)
  assert.equal(pressure({ level0Count: 8 })?.fraction, 1)
})

test('limits that are one and the same stop at once', () => {
  const tight = { l0Trigger: 1, l0Slowdown: 2, l0Stop: 2, debtSlowdownBytes: 10, debtStopBytes: 10 }
  assert.equal(writePressure({ ...calm, level0Count: 1 }, tight, false), undefined)
  assert.equal(writePressure({ ...calm, level0Count: 2 }, tight, false)?.fraction, 1)
  assert.equal(writePressure({ ...calm, debtBytes: 9 }, tight, false), undefined)
  assert.equal(writePressure({ ...calm, debtBytes: 10 }, tight, false)?.fraction, 1)
})

test('the strongest cause counts, and more backlog never means less pressure', () => {
  const backlog = fc.record({
    sealedCount: fc.nat(4),
    activeFill: fc.double({ min: 0, max: 1, noNaN: true }),
    level0Count: fc.nat(20),
    mergedLevel0: fc.constant(0),
    debtBytes: fc.nat(5000),
  })
  fc.assert(
    fc.property(backlog, backlog, fc.boolean(), (a, b, needsMemtable) => {
      const both: Backlog = {
        sealedCount: Math.max(a.sealedCount, b.sealedCount),
        activeFill: Math.max(a.activeFill, b.activeFill),
        level0Count: Math.max(a.level0Count, b.level0Count),
        mergedLevel0: 0,
        debtBytes: Math.max(a.debtBytes, b.debtBytes),
      }
      const fraction = (one: Backlog): number =>
        writePressure(one, limits, needsMemtable)?.fraction ?? 0
      assert.ok(fraction(both) >= Math.max(fraction(a), fraction(b)))
      assert.ok(fraction(both) <= 1)
    }),
  )
})
