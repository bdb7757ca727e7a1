import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import { DatabaseEventEmitter } from './events.js'

test("an 'error' whose listener has gone meanwhile is not thrown", async () => {
  const events = new DatabaseEventEmitter('/db')
  let heard = 0
  const listener = (): void => {
    heard++
    events.off('error', listener)
  }
  events.on('error', listener)
  events.emit('error', new VarveError('IO', 'first'))
  events.emit('error', new VarveError('IO', 'second'))
  assert.equal(heard, 0, 'a listener runs in the middle of what happens')
  await new Promise(setImmediate)
  assert.equal(heard, 1)
})
