import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import { ColdReads } from './cold-reads.js'

function setUp(mode: 'auto' | 'sync' | 'async' = 'auto') {
  const clock = new VirtualClock()
  const coldReads = new ColdReads(mode, clock)
  const read = (takesMs: number): void => coldReads.timed(() => clock.sleepSync(takesMs))
  const readTimes = (count: number, takesMs: number): void => {
    for (let i = 0; i < count; i++) read(takesMs)
  }
  return { clock, coldReads, read, readTimes }
}

test('one read that was interrupted is no reason to leave the rest to the thread pool', () => {
  const { coldReads, read, readTimes } = setUp()
  for (let i = 0; i < 20; i++) {
    readTimes(10, 0.005)
    read(30)
    assert.ok(coldReads.mayBlock(), `interruption ${i}`)
  }
})

test('three slow reads switch to the thread pool, fast ones back', () => {
  const { clock, coldReads, readTimes } = setUp()
  readTimes(100, 0.005)
  readTimes(3, 5)
  assert.ok(!coldReads.mayBlock())
  clock.sleepSync(199)
  assert.ok(!coldReads.mayBlock())
  clock.sleepSync(1)
  assert.ok(coldReads.mayBlock())
  readTimes(2, 5)
  assert.ok(!coldReads.mayBlock(), 'still slow')
  clock.sleepSync(200)
  readTimes(20, 0.005)
  readTimes(2, 5)
  assert.ok(coldReads.mayBlock(), 'quick again')
})

test('a chosen mode stays, however long reads take', () => {
  for (const mode of ['sync', 'async'] as const) {
    const { coldReads, readTimes } = setUp(mode)
    readTimes(10, 100)
    assert.equal(coldReads.mayBlock(), mode === 'sync')
  }
})

test('a piece that can only be awaited is never read synchronously', () => {
  for (const mode of ['auto', 'sync', 'async'] as const) {
    const { coldReads } = setUp(mode)
    assert.equal(coldReads.wayTo({ isAsyncOnly: true }), 'neverBlock')
    assert.equal(coldReads.wayTo({ isAsyncOnly: false }), mode === 'async' ? 'wait' : 'block')
  }
})

test('parallel reads leave the thread sooner than a single one, and probe it at intervals', () => {
  const { coldReads, readTimes } = setUp()
  readTimes(100, 0.01)
  assert.ok(coldReads.mayBlock(63), 'fast')
  assert.equal(coldReads.wayTo({ isAsyncOnly: false }), 'block')
  readTimes(100, 0.07)
  assert.equal(coldReads.wayTo({ isAsyncOnly: false }), 'wait')
  assert.ok(coldReads.mayBlock(0), 'a single read')
  const blocking = Array.from({ length: 640 }, () => coldReads.mayBlock(63)).filter(Boolean)
  assert.equal(blocking.length, 10)
  readTimes(100, 0.01)
  assert.ok(coldReads.mayBlock(63), 'fast again')
})
