import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import { newRateCells, RateLimiter } from './rate-limiter.js'

const rate = 1_000_000
const burstBytes = rate / 10

function setUp() {
  // A clock of which nothing has passed would owe the first burst.
  const clock = new VirtualClock()
  clock.advance(10_000)
  const cells = newRateCells()
  const limiter = (): RateLimiter => new RateLimiter(clock, rate, cells)
  return { clock, limiter }
}

/** Milliseconds that `action` sleeps. */
function slept(clock: VirtualClock, action: () => void): number {
  const before = clock.monotonicMs()
  action()
  return clock.monotonicMs() - before
}

const ignore = (): void => {}

test('the rate applies to all bytes, however they are split', () => {
  for (const piece of [7, 1000, 333_333, 5_000_000]) {
    const { clock, limiter } = setUp()
    const one = limiter()
    let bytes = 0
    const ms = slept(clock, () => {
      for (; bytes < 5_000_000; bytes += piece) one.pay(piece, false, ignore)
    })
    const expected = ((bytes - burstBytes) * 1000) / rate
    assert.ok(Math.abs(ms - expected) <= 2, `pieces of ${piece}: ${ms} ms, not ${expected}`)
  }
})

test('the writes of several threads share one rate', () => {
  const { clock, limiter } = setUp()
  const [a, b] = [limiter(), limiter()]
  const ms = slept(clock, () => {
    for (let i = 0; i < 100; i++) (i % 3 === 0 ? a : b).pay(10_000, false, ignore)
  })
  assert.ok(Math.abs(ms - 900) <= 2, `${ms} ms`)
})

test('a flush does not wait for merges, but merges wait for it', () => {
  const { clock, limiter } = setUp()
  const one = limiter()
  let flushed = false
  const ms = slept(clock, () => {
    one.pay(burstBytes + 500_000, false, () => {
      if (flushed) return
      flushed = true
      const flushMs = slept(clock, () => one.pay(burstBytes, true, ignore))
      assert.equal(flushMs, 0)
    })
  })
  assert.ok(Math.abs(ms - 600) <= 2, `${ms} ms`)
})

test('the rate also limits flushes', () => {
  const { clock, limiter } = setUp()
  const one = limiter()
  const ms = slept(clock, () => one.pay(burstBytes + rate, true, ignore))
  assert.ok(Math.abs(ms - 1000) <= 2, `${ms} ms`)
})

test('an idle hour earns one burst', () => {
  const { clock, limiter } = setUp()
  const one = limiter()
  one.pay(1, false, ignore)
  clock.advance(3_600_000)
  const ms = slept(clock, () => one.pay(burstBytes + 50_000, false, ignore))
  assert.ok(Math.abs(ms - 50) <= 2, `${ms} ms`)
})

test('a long pause is slept in steps, and an error between them ends it', () => {
  const { clock, limiter } = setUp()
  const one = limiter()
  let pauses = 0
  const ms = slept(clock, () => {
    assert.throws(
      () =>
        one.pay(100 * rate, false, () => {
          if (++pauses === 5) throw new Error('aborted')
        }),
      /aborted/,
    )
  })
  assert.ok(ms < 200, `${ms} ms`)
})

test('without a limit nothing sleeps', () => {
  const clock = new VirtualClock()
  new RateLimiter(clock, Infinity).pay(2 ** 50, false, () => assert.fail('a pause'))
})
