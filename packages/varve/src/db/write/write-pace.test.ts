import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WritePace } from './write-pace.js'

const MiB = 2 ** 20
const groupBytes = 64 * 1024

/**
 * A backlog of which work removes `workRateAt(ms)` bytes per millisecond, and a writer that wants
 * to add `writeRate`. Returns the bytes admitted in each second and the pressure after it.
 */
function control({
  workRateAt,
  writeRate = 400_000,
  spanBytes = 800 * MiB,
  seconds = 60,
}: {
  workRateAt: (nowMs: number) => number
  writeRate?: number
  spanBytes?: number
  seconds?: number
}) {
  const pace = new WritePace()
  const admitted: number[] = []
  const pressures: number[] = []
  let nowMs = 0
  let backlog = 0
  let longestWaitMs = 0
  let bytes = 0
  const pass = (ms: number): void => {
    backlog = Math.max(0, backlog - workRateAt(nowMs) * ms)
    nowMs += ms
    while (nowMs >= 1000 * (admitted.length + 1)) {
      admitted.push(bytes)
      pressures.push(backlog / spanBytes)
      bytes = 0
    }
  }
  while (admitted.length < seconds) {
    const pressure = () => ({ cause: 'level0', fraction: backlog / spanBytes, spanBytes }) as const
    if (backlog > 0) {
      const waitMs = pace.admit(nowMs, pressure(), groupBytes)
      longestWaitMs = Math.max(longestWaitMs, waitMs)
      if (waitMs > 0) {
        pass(waitMs)
        pace.charge(nowMs, pressure(), groupBytes)
      }
    }
    backlog += groupBytes
    bytes += groupBytes
    pass(groupBytes / writeRate)
  }
  return { admitted, pressures, longestWaitMs }
}

const rateOf = (admitted: readonly number[]): number =>
  admitted.reduce((sum, bytes) => sum + bytes, 0) / admitted.length / 1000

test('the pace settles at the rate of the work and the pressure at its aim', () => {
  for (const workRate of [20_000, 80_000, 200_000]) {
    const { admitted, pressures, longestWaitMs } = control({
      workRateAt: () => workRate,
      seconds: 600,
    })
    const rate = rateOf(admitted.slice(-60))
    assert.ok(Math.abs(rate / workRate - 1) < 0.1, `${rate} instead of ${workRate}`)
    assert.ok(Math.abs(pressures.at(-1)! - 0.4) < 0.05, `pressure ${pressures.at(-1)}`)
    assert.ok(Math.max(...pressures) < 0.99, 'never near a stop')
    assert.ok(longestWaitMs <= 100)
  }
})

test('memtables of any size settle within the same number of spans', () => {
  const shape = (spanBytes: number, workRate: number): number[] =>
    control({ workRateAt: () => workRate, spanBytes, seconds: 500 }).pressures
  const large = shape(1600 * MiB, 40_000)
  const small = shape(160 * MiB, 4_000)
  assert.ok(Math.abs(large.at(-1)! - 0.4) < 0.1, `pressure ${large.at(-1)}`)
  assert.ok(Math.abs(small.at(-1)! - 0.4) < 0.1, `pressure ${small.at(-1)}`)
})

test('the pace follows work that becomes slower or faster', () => {
  const { admitted, pressures } = control({
    workRateAt: (nowMs) => (nowMs < 200_000 ? 100_000 : nowMs < 400_000 ? 25_000 : 100_000),
    seconds: 600,
  })
  assert.ok(Math.abs(rateOf(admitted.slice(150, 200)) / 100_000 - 1) < 0.1)
  assert.ok(Math.abs(rateOf(admitted.slice(350, 400)) / 25_000 - 1) < 0.1)
  assert.ok(Math.abs(rateOf(admitted.slice(-50)) / 100_000 - 1) < 0.1)
  assert.ok(Math.max(...pressures) < 0.99)
})

test('a writer slower than the work does not wait, and does not raise the rate', () => {
  const slow = control({ workRateAt: () => 100_000, writeRate: 50_000 })
  assert.equal(slow.longestWaitMs, 0)
  const pace = new WritePace()
  const pressure = { cause: 'level0', fraction: 0.1, spanBytes: 800 * MiB } as const
  for (let ms = 0; ms < 100_000; ms += 10) assert.equal(pace.admit(ms, pressure, 1000), 0)
  let waits = 0
  for (let i = 0; i < 100; i++) {
    if (pace.admit(100_000, { ...pressure, fraction: 0.5 }, groupBytes) > 0) waits++
  }
  assert.ok(waits > 0, 'a burst at full speed is limited at once')
})

test('work that comes in bursts leaves every second with writes', () => {
  const period = fc.integer({ min: 500, max: 8000 })
  const share = fc.double({ min: 0.3, max: 1, noNaN: true })
  const rate = fc.integer({ min: 20_000, max: 200_000 })
  fc.assert(
    fc.property(period, share, rate, (periodMs, busyShare, workRate) => {
      const { admitted, pressures, longestWaitMs } = control({
        workRateAt: (nowMs) => (nowMs % periodMs < busyShare * periodMs ? workRate / busyShare : 0),
        seconds: 120,
      })
      assert.ok(Math.min(...admitted) > 0)
      assert.ok(Math.max(...pressures) < 1)
      assert.ok(longestWaitMs <= 100)
    }),
    { numRuns: 30 },
  )
})
