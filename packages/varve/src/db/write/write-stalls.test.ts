import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import type { StallEvent } from '../api.js'
import { WriteStalls } from './write-stalls.js'

const maxStopMs = 5000

function setUp() {
  const clock = new VirtualClock()
  const tree = {
    sealedCount: 0,
    activeFill: 0,
    level0Count: 0,
    mergedLevel0: 0,
    debtBytes: 0,
    stallThresholds: {
      l0Trigger: 4,
      l0Slowdown: 8,
      l0Stop: 12,
      debtSlowdownBytes: 2 ** 20,
      debtStopBytes: 2 ** 21,
    },
  }
  const scheduler = {
    flushFailure: undefined as VarveError | undefined,
    mergeFailure: undefined as VarveError | undefined,
    mergesHeld: false,
    /** Does in a blocking wait what another thread would do. */
    onWait: (): void => {},
    waitBlocking(timeoutMs: number) {
      clock.sleepSync(timeoutMs)
      this.onWait()
    },
  }
  const events: StallEvent[] = []
  const all = new WriteStalls(scheduler, clock, maxStopMs, (event) => events.push(event))
  const stalls = {
    hold: (bytes: number, needsMemtable: boolean) => all.hold(bytes, needsMemtable, [tree]),
    holdBlocking: (bytes: number, needsMemtable: boolean) =>
      all.holdBlocking(bytes, needsMemtable, [tree]),
    wake: () => all.wake(),
    byCause: all.byCause,
  }
  return { clock, tree, scheduler, events, stalls }
}

const gaveUp = (error: unknown): boolean =>
  error instanceof VarveError && error.code === 'ABORTED' && /level 0/.test(error.message)

test('without a backlog nothing waits', () => {
  const { stalls, events } = setUp()
  assert.equal(stalls.hold(1e9, false), undefined)
  stalls.holdBlocking(1e9, true)
  assert.deepEqual(events, [])
})

test('a slowdown delays a commit once', async () => {
  const { clock, tree, stalls, events } = setUp()
  tree.level0Count = 11
  assert.equal(stalls.hold(4096 * 1024, false), undefined, 'the first commit is only charged')
  assert.deepEqual(events, [])
  const held = stalls.hold(1000, false)
  assert.ok(held !== undefined)
  let isOver = false
  void held.then(() => (isOver = true))
  let ms = 0
  for (; !isOver; ms++) {
    clock.advance(1)
    await turn()
  }
  assert.ok(ms > 10 && ms <= 101, `${ms} ms`)
  assert.equal(stalls.hold(1000, false), undefined, 'the same commit is delayed twice')
  assert.deepEqual(
    events.map(({ cause, severity }) => [cause, severity]),
    [['level0', 'slowdown']],
  )
  assert.equal(stalls.byCause.level0.count, 1)
  assert.ok(stalls.byCause.level0.timeMs >= ms - 1)
})

test('commits share one rate, whatever their size, slower when the stop is nearer', () => {
  const rateAt = (level0Count: number, bytes: number): number => {
    const { clock, tree, stalls } = setUp()
    tree.level0Count = level0Count
    for (let sent = 0; sent < 8e6; sent += bytes) stalls.holdBlocking(bytes, false)
    return 8e6 / clock.monotonicMs()
  }
  let last = Infinity
  for (const level0Count of [6, 8, 10, 11]) {
    const [small, large] = [rateAt(level0Count, 1000), rateAt(level0Count, 100_000)]
    const text = `${small} and ${large} bytes a millisecond with ${level0Count} tables`
    assert.ok(Math.abs(small / large - 1) < 0.1, text)
    assert.ok(small < last, text)
    last = small
  }
})

test('a slowdown is over when no commit was delayed for a second', () => {
  const { clock, tree, stalls, events } = setUp()
  tree.level0Count = 11
  const slowDown = (): void => {
    for (let i = 0; i < 50; i++) stalls.holdBlocking(256 * 1024, false)
  }
  slowDown()
  assert.equal(events.length, 1)
  clock.advance(2000)
  slowDown()
  assert.equal(events.length, 2)
})

test('a stop ends when the backlog has gone', async () => {
  const { tree, stalls, events } = setUp()
  tree.level0Count = 12
  const held = stalls.hold(1, false)
  assert.ok(held !== undefined)
  tree.level0Count = 3
  stalls.wake()
  await held
  assert.equal(stalls.hold(1, false), undefined)
  tree.sealedCount = 2
  assert.ok(stalls.hold(1, true) !== undefined)
  tree.debtBytes = 2 ** 30
  assert.ok(stalls.hold(1, false) !== undefined)
  assert.deepEqual(
    events.map(({ cause, severity }) => [cause, severity]),
    [
      ['level0', 'stop'],
      ['memtables', 'stop'],
      ['debt', 'stop'],
    ],
  )
})

test('a stop ends when a running merge has read enough of level 0', async () => {
  const { clock, tree, stalls } = setUp()
  tree.level0Count = 13
  const held = stalls.hold(1, false)
  tree.mergedLevel0 = 3
  clock.advance(50)
  await held
  assert.equal(stalls.hold(1, false), undefined)
})

test('a stopped commit waits for maxStallMs; the next one has its own time', async () => {
  const { clock, tree, stalls } = setUp()
  tree.level0Count = 12
  for (let round = 0; round < 2; round++) {
    for (let ms = 0; ms < maxStopMs; ms += 1000) {
      const held = stalls.hold(1, false)
      assert.ok(held !== undefined, `failed after ${ms} ms`)
      clock.advance(1000)
      stalls.wake()
      await held
    }
    assert.throws(() => stalls.hold(1, false), gaveUp)
  }
  const held = stalls.hold(1, false)
  clock.advance(maxStopMs)
  await held
  assert.throws(() => stalls.hold(1, false), gaveUp)
})

test('a blocked thread waits for maxStallMs, or until the backlog is gone', () => {
  const { clock, tree, scheduler, stalls } = setUp()
  tree.level0Count = 12
  assert.throws(() => stalls.holdBlocking(1, false), gaveUp)
  assert.equal(clock.monotonicMs(), maxStopMs)
  scheduler.onWait = () => {
    if (clock.monotonicMs() > maxStopMs + 300) tree.level0Count = 0
  }
  stalls.holdBlocking(1, false)
  assert.equal(stalls.byCause.level0.timeMs, clock.monotonicMs())
})

test('a commit does not wait for work that has stopped', () => {
  const { tree, scheduler, stalls } = setUp()
  tree.level0Count = 12
  scheduler.mergeFailure = new VarveError('IO', 'merges fail')
  assert.throws(() => stalls.hold(1, false), /merges fail/)
  assert.throws(() => stalls.holdBlocking(1, false), /merges fail/)
  tree.level0Count = 11
  stalls.holdBlocking(1, false)
  tree.sealedCount = 2
  assert.ok(stalls.hold(1, true) !== undefined)
  scheduler.flushFailure = new VarveError('IO', 'flushes fail')
  assert.throws(() => stalls.hold(1, true), /flushes fail/)
})

test('compactions that are held back hold no write back, memtables do', () => {
  const { tree, scheduler, stalls } = setUp()
  tree.level0Count = 100
  tree.debtBytes = 2 ** 40
  assert.ok(stalls.hold(1, true) !== undefined)
  scheduler.mergesHeld = true
  assert.equal(stalls.hold(1, true), undefined)
  tree.sealedCount = 2
  assert.ok(stalls.hold(1, true) !== undefined)
})

const turn = (): Promise<void> => new Promise(setImmediate)
