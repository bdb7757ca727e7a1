import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'

test('among other files a database is made only with --create', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const directory = join(folder, 'data')
  mkdirSync(directory)
  writeFileSync(join(directory, 'cities.csv'), 'name\nReykjavík\n')
  const commands = [
    { args: ['put', 'a', '1'], input: '' },
    { args: ['shell'], input: 'put a 1' },
    { args: ['import'], input: '{"key":"a","value":"1"}' },
  ]
  for (const { args, input } of commands) {
    const refused = await varve(args, input)
    assert.equal(refused.exit, 2, args.join(' '))
    assert.match(refused.err, /holds no database but other files \(cities\.csv\); .*--create/)
    assert.deepEqual(readdirSync(directory), ['cities.csv'])
    const made = await varve([...args, '--create'], input)
    assert.equal(made.exit, 0, made.err)
    // Once it is there, nothing more is asked.
    assert.equal((await varve(args, input)).exit, 0)
    for (const name of readdirSync(directory))
      if (name !== 'cities.csv') rmSync(join(directory, name))
  }
})

test('an empty directory, or one with only leftovers, needs no --create', async (t) => {
  for (const names of [
    [],
    ['.gitkeep', 'lost+found'],
    ['LOCK', 'MANIFEST-000001', 'CURRENT.tmp'],
  ]) {
    const folder = temporaryFolder(t)
    mkdirSync(join(folder, 'data'))
    for (const name of names) writeFileSync(join(folder, 'data', name), '')
    const { exit, err } = await varveIn(folder)(['put', 'a', '1'])
    assert.equal(exit, 0, err)
  }
})

test('a command that fails before its first write leaves no new database', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const directory = join(folder, 'data')
  const refused: [args: string[], input: string][] = [
    [['import', '-'], 'not JSON'],
    [['import', '-', '--format', 'csv', '--key', '{id}'], 'name\nReykjavík\n'],
    [['put', 'a', '1', '--ttl', '8640000000000000'], ''],
    [['put', '', '1'], ''],
  ]
  for (const exists of [false, true]) {
    for (const [args, input] of refused) {
      if (exists) mkdirSync(directory, { recursive: true })
      const { exit } = await varve(args, input)
      assert.notEqual(exit, 0, args.join(' '))
      assert.equal(existsSync(directory), exists, args.join(' '))
      if (exists) assert.deepEqual(readdirSync(directory), [], args.join(' '))
    }
  }
})

test('a failed command keeps earlier rows, and a database that existed before', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const row = '{"key":"a","value":"1"}\n'
  assert.equal((await varve(['import', '-', '--batch', '1'], `${row}not JSON`)).exit, 1)
  assert.equal((await varve(['get', 'a'])).out, '1\n')
  const other = varveIn(join(folder, 'other'))
  mkdirSync(join(folder, 'other'))
  assert.equal((await other(['import', '-'], '')).exit, 0)
  assert.equal((await other(['import', '-'], 'not JSON')).exit, 1)
  assert.equal((await other(['count'])).out, '0\n')
})

test("put takes the value from standard input when it is '-' or omitted", async (t) => {
  const varve = varveIn(temporaryFolder(t))
  assert.equal((await varve(['put', 'a', '-'], 'piped')).exit, 0)
  assert.equal((await varve(['put', 'b'], '-')).exit, 0)
  assert.equal((await varve(['scan'])).out, 'a\tpiped\nb\t-\n')
})
