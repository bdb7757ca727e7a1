import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Yielder } from '../../base/yielder.js'
import { VirtualClock } from './virtual-clock.js'

/** Work of 20 MiB that takes a millisecond per MiB. Returns how long it takes. */
async function workBeside(activity: () => number): Promise<number> {
  const clock = new VirtualClock()
  const yielder = new Yielder(clock, () => {}, activity)
  let isOver = false
  const work = async (): Promise<void> => {
    for (let i = 0; i < 80; i++) {
      clock.sleepSync(0.25)
      await yielder.afterStep(256 * 1024)
    }
    isOver = true
  }
  const working = work()
  while (!isOver) {
    await new Promise(setImmediate)
    clock.advanceToNextTimer()
  }
  await working
  return clock.monotonicMs()
}

test('work takes a third of the time while others are active', async () => {
  let count = 0
  assert.equal(await workBeside(() => ++count), 60)
})

test('work does not rest while nothing else happens', async () => {
  assert.equal(await workBeside(() => 0), 20)
})

test('a check that throws ends the work', async () => {
  const yielder = new Yielder(new VirtualClock(), () => {
    throw new Error('closed')
  })
  await assert.rejects(yielder.afterStep(1), /closed/)
})
