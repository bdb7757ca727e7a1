import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

test('count and clear: all keys or those of a range', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  await varve(['shell'], 'batch put a 1 ; put b/1 2 ; put b/2 3 ; put c 4')
  assert.equal((await varve(['count'])).out, '4\n')
  assert.equal((await varve(['count', '--prefix', 'b/', '--json'])).out, '{"count":2}\n')
  for (const args of [['clear'], ['clear', '--all', '--lt', 'b'], ['clear', 'b/']]) {
    assert.equal((await varve(args)).exit, 2, args.join(' '))
  }
  assert.equal((await varve(['count'])).out, '4\n')
  assert.deepEqual(await varve(['clear', '--gte', 'b', '--lt', 'c']), { exit: 0, out: '', err: '' })
  assert.equal((await varve(['count'])).out, '2\n')
  assert.equal((await varve(['clear', '--all', '--json'])).out, '{"ok":true}\n')
  assert.equal((await varve(['count'])).out, '0\n')
})

test('clear, flush and count make no database', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  for (const args of [['clear', '--all'], ['flush'], ['count'], ['explain', 'a']]) {
    const { exit, err } = await varve(args)
    assert.equal(exit, 1)
    assert.match(err, /holds no database/)
  }
})

test('flush writes a table, explain finds the key there', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  await varve(['shell'], 'put a 1; put get 2')
  assert.match((await varve(['explain', 'a'])).out, /memtable: found/)
  assert.match((await varve(['flush'])).out, /^flushed 2 entries, .* B\n$/)
  assert.match((await varve(['flush'])).out, /^nothing to flush/)
  assert.match((await varve(['flush', '--json'])).out, /^\{"entryCount":0,"sizeBytes":0\}\n$/)
  for (const args of [['a'], ['get', 'a'], ['get'], ['get', 'get']]) {
    assert.match((await varve(['explain', ...args])).out, /L0 table #\d+.*: found/)
  }
  assert.equal((await varve(['explain', 'a', 'b'])).exit, 2)
  const { out } = await varve(['explain', '61', '--key-encoding', 'hex', '--json'])
  const { key, outcome, steps } = JSON.parse(out) as {
    key: string
    outcome: string
    steps: { indexEntry?: { separator: string } }[]
  }
  assert.deepEqual([key, outcome], ['61', 'found'])
  assert.match(steps.at(-1)!.indexEntry!.separator, /^[0-9a-f]+$/)
})
