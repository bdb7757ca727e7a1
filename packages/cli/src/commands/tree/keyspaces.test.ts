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
  assert.equal((await inUsers('flush')).exit, 2)
  await inUsers('clear', '--all')
  assert.equal((await inUsers('count')).out, '0\n')
  assert.equal((await run('count')).out, '1\n')
})
