import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'varve'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'

test('the shell creates keyspaces, works in one of them, lists and drops them', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const script = `put a default; keyspace list; keyspace create users utf8 json; keyspace create old
    keyspace use users; put ann {"age":41}; put bob {"age":7}; count; flush; levels
    keyspace list; keyspace leave; count; keyspace drop old; keyspace list`
  const { exit, out, err } = await varve(['shell'], script)
  assert.deepEqual([exit, err], [0, ''])
  assert.match(out, /^none beside the default one/)
  assert.match(out, /\n2\n/)
  assert.match(out, /\n {2}1 table, 2 entries/)
  assert.match(out, /users {2}keys utf8, values json, 1 table, .*, in use\nold {2}keys utf8/)
  assert.match(out, /\n1\nusers [^\n]*\n$/)
  await using db = await open(join(folder, 'data'))
  const users = await db.keyspace('users', { valueEncoding: 'json' })
  assert.deepEqual(await users.get('ann'), { age: 41 })
})

test('snapshots and transactions of the shell reach the keyspace in use', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = `keyspace create k; keyspace use k; put a 1; snapshot take; put b 2
    snapshot use 1; scan; snapshot use live
    begin; put c 3; keyspace leave; put d 4; rollback; count
    begin; put d 4; keyspace use k; put c 3; commit; scan; stats`
  const { exit, out, err } = await varve(['shell'], script)
  assert.deepEqual([exit, err], [0, ''])
  assert.match(out, /^snapshot 1[^\n]*\na\t1\n0\na\t1\nb\t2\nc\t3\nkeyspace +k\n/)
  const inK = await varve(['shell', '--keyspace', 'k'], 'get c; keyspace drop k; count')
  assert.deepEqual([inK.exit, inK.out], [0, '3\n1\n'])
})

test('mistakes with keyspaces are named', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = [
    'keyspace use none',
    'keyspace create k utf9',
    'keyspace create k; keyspace create k',
    'keyspace',
    'begin; keyspace drop k',
    'use k',
    'create keyspace k',
  ]
  const { exit, err } = await varve(['shell'], script.join('\n'))
  assert.equal(exit, 1)
  const lines = err.trimEnd().split('\n')
  assert.match(lines[0], /no keyspace 'none'/)
  assert.match(lines[1], /utf8, json, binary, not 'utf9'/)
  assert.match(lines[2], /keyspace 'k' already exists/)
  assert.match(lines[3], /usage: keyspace list/)
  assert.match(lines[4], /a transaction is open/)
  for (const line of lines.slice(5)) assert.match(line, /'keyspace use NAME'/)
})
