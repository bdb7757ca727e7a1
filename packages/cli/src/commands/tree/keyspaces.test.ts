import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'varve'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

test('commands read and write the keyspace of --keyspace, whatever its encodings', async (t) => {
  const folder = temporaryFolder(t)
  const db = await open(join(folder, 'data'))
  const users = await db.keyspace('users', { valueEncoding: 'json' })
  await users.put('ann', { age: 41 })
  await db.put('count', '1')
  await db.close()
  const varve = varveIn(folder)
  const run = (...args: string[]) => varve(args)
  const inUsers = (...args: string[]) => run(...args, '--keyspace', 'users')
  assert.match((await run('keyspaces')).out, /^users {2}keys utf8, values json/)
  assert.equal((await inUsers('get', 'ann')).out, '{"age":41}\n')
  assert.equal((await run('get', 'ann')).exit, 3)
  await inUsers('put', 'bob', '{"age":7}')
  await inUsers('del', 'ann')
  assert.equal((await inUsers('count')).out, '1\n')
  assert.match((await inUsers('scan')).out, /bob/)
  assert.match((await run('count', '--keyspace', 'other')).err, /no keyspace 'other'/)
  assert.match((await inUsers('flush')).out, /flushed \d/)
  assert.match((await inUsers('levels')).out, /1 table/)
  assert.doesNotMatch((await run('levels')).out, /1 table/)
  assert.match((await inUsers('explain', 'bob')).out, /found/)
  assert.match((await inUsers('stats')).out, /^keyspace +users\ntables +1, /)
  const figures = JSON.parse((await inUsers('stats', '--json')).out) as { tables: number }
  assert.equal(figures.tables, 1)
  const exported = (await inUsers('export')).out
  assert.match(exported, /bob/)
  assert.equal(
    (await varve(['import', '--keyspace', 'users'], '{"key":"eve","value":"1"}')).exit,
    0,
  )
  assert.equal((await inUsers('count')).out, '2\n')
  assert.equal((await run('count')).out, '1\n')
  assert.equal((await inUsers('compact')).exit, 0)
  assert.equal((await inUsers('import', '--from', 'leveldb', './a', './b')).exit, 2)
  await inUsers('clear', '--all')
  assert.equal((await inUsers('count')).out, '0\n')
  assert.equal((await run('count')).out, '1\n')
})
