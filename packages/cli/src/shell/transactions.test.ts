import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'

test('reads and writes are part of the open transaction', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = `put a 1; put b 2
    begin; put c 3; del a; get a; count; rollback; scan
    begin; clear --all; batch put d 4 ; put e 5
    scan; commit; count`
  assert.deepEqual(await varve(['shell'], script), {
    exit: 0,
    out: '(not there)\n2\na\t1\nb\t2\nd\t4\ne\t5\n2\n',
    err: '',
  })
})

test('an open transaction is rolled back when the shell ends', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  await varve(['shell'], 'begin; put a 1')
  assert.equal((await varve(['shell'], 'count')).out, '0\n')
})

test('transactions begin and end in pairs, and not on a snapshot', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = [
    'commit',
    'rollback',
    'begin now',
    'snapshot take; begin; begin',
    'snapshot use 1',
    'rollback; snapshot use 1; begin',
  ]
  const { exit, err } = await varve(['shell'], script.join('\n'))
  assert.equal(exit, 1)
  assert.deepEqual(err.trimEnd().split('\n'), [
    "line 1: no transaction is open; 'begin' begins one",
    "line 2: no transaction is open; 'begin' begins one",
    'line 3: usage: begin',
    "line 4: a transaction is open; end it with 'commit' or 'rollback'",
    "line 5: a transaction is open; end it with 'commit' or 'rollback'",
    "line 6: reads come from a snapshot; 'snapshot use live' first",
  ])
})
