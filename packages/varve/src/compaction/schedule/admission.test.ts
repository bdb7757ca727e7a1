import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admitAll, admitNone, isHeldByUser, withHold, withPauses } from './admission.js'

test("merges resume only after the last pause and the user's hold end", () => {
  const paused = withPauses(withPauses(admitAll, 1), 1)
  const held = withHold(paused, true)
  assert.equal(held.kind, 'flushes')
  assert.ok(isHeldByUser(held))
  const released = withHold(held, false)
  assert.ok(!isHeldByUser(released))
  assert.equal(released.kind, 'flushes')
  assert.equal(withPauses(released, -1).kind, 'flushes')
  assert.deepEqual(withPauses(withPauses(released, -1), -1), admitAll)
})

test('a closed scheduler stays closed', () => {
  assert.equal(withHold(admitNone, false), admitNone)
  assert.equal(withPauses(admitNone, -1), admitNone)
})
