import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder, varveIn } from './testing/run-varve.js'

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

test('an LMDB directory is recognized', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'data'))
  for (const name of ['data.mdb', 'lock.mdb']) writeFileSync(join(folder, 'data', name), '')
  const { exit, err } = await varveIn(folder)(['put', 'a', '1'])
  assert.equal(exit, 2)
  assert.match(err, /import --from lmdb/)
})
