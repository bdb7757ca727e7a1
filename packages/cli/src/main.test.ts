import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { open } from 'varve'
import { temporaryFolder, varveIn, type Finished } from './testing/run-varve.js'

const mainFile = fileURLToPath(new URL('./main.js', import.meta.url))

const ok = (out: string): Finished => ({ exit: 0, out, err: '' })
const failed = (exit: number, err: string): Finished => ({ exit, out: '', err })

test('put, get and del, and what they exit with', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  assert.deepEqual(await varve(['put', 'a', '1']), ok(''))
  assert.deepEqual(await varve(['put', 'piped'], 'two\nlines'), ok(''))
  assert.deepEqual(await varve(['get', 'a']), ok('1\n'))
  assert.deepEqual(await varve(['get', 'piped', '--encoding', 'hex']), ok('74776f0a6c696e6573\n'))
  assert.deepEqual(
    await varve(['get', 'piped', '--json']),
    ok('{"key":"piped","value":"two\\nlines"}\n'),
  )
  assert.deepEqual(await varve(['del', 'a', 'absent']), ok(''))
  assert.deepEqual(await varve(['get', 'a']), failed(3, "varve: key 'a' is not there\n"))
  assert.deepEqual(
    await varve(['get', 'a', '--json']),
    failed(3, `{"error":{"code":"NOT_FOUND","message":"key 'a' is not there"}}\n`),
  )
})

test('scan: ranges, direction, limit, JSON', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  await varve(['shell'], 'batch put a 1 ; put b/1 2 ; put b/2 {"x":3} ; put c "four\\n"')
  assert.deepEqual(await varve(['scan']), ok('a\t1\nb/1\t2\nb/2\t{"x":3}\nc\tfour\\n\n'))
  assert.deepEqual(
    await varve(['scan', '--gt', 'a', '--lt', 'c', '--reverse', '--limit', '1']),
    ok('b/2\t{"x":3}\n'),
  )
  assert.deepEqual(await varve(['scan', '--prefix', 'b/', '--keys-only']), ok('b/1\nb/2\n'))
  assert.deepEqual(
    await varve([
      'scan',
      '--gte',
      '622f32',
      '--lte',
      '622f32',
      '--key-encoding',
      'hex',
      '--encoding',
      'json',
      '--json',
    ]),
    ok('{"key":"622f32","value":{"x":3}}\n'),
  )
  assert.deepEqual(await varve(['scan', '--gte', 'b/2', '--encoding', 'json']), {
    exit: 0,
    out: 'b/2\t{"x":3}\nc\tfour\\n\n',
    err: 'varve: not JSON: 1 of the keys and values; they are shown as text\n',
  })
})

test('a key or value that does not fit the encoding does not end a scan', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const hex = ['--key-encoding', 'hex', '--encoding', 'hex']
  for (const [key, value] of [
    ['61', '7b7d'],
    ['62', 'ff'],
    ['63', 'c29b'],
    ['ff', '31'],
  ]) {
    await varve(['put', key, value, ...hex])
  }
  const json = await varve(['scan', '--json', '--encoding', 'json'])
  assert.equal(json.exit, 0)
  assert.deepEqual(json.out.split('\n'), [
    '{"key":"a","value":{}}',
    '{"key":"b","valueHex":"ff"}',
    '{"key":"c","valueText":"\\u009b"}',
    '{"keyHex":"ff","value":1}',
    '',
  ])
  assert.match(json.err, /^varve: not JSON: 3 of the keys and values/)
  const keys = await varve(['scan', '--json', '--keys-only'])
  assert.equal(keys.out, '{"key":"a"}\n{"key":"b"}\n{"key":"c"}\n{"keyHex":"ff"}\n')
  const text = await varve(['scan'])
  assert.deepEqual(text, ok('a\t{}\nb\t\\xff\nc\t\\xc2\\x9b\n\\xff\t1\n'))
})

test('as a process: arguments, environment, exit code', (t) => {
  const env = { ...process.env, VARVE_DB: join(temporaryFolder(t), 'data') }
  const run = (...args: string[]) => spawnSync(process.execPath, [mainFile, ...args], { env })
  assert.equal(run('put', 'a', '1').status, 0)
  assert.equal(run('get', 'a').stdout.toString(), '1\n')
  assert.equal(run('get', 'absent').status, 3)
})

test('a scan whose reader leaves ends quietly', async (t) => {
  const folder = temporaryFolder(t)
  {
    await using db = await open(join(folder, 'data'))
    const value = 'x'.repeat(1000)
    for (let i = 0; i < 5; i++) {
      await db.batch(
        Array.from({ length: 1000 }, (_, j) => ({ type: 'put', key: `${i}-${j}`, value })),
      )
    }
  }
  const child = spawn(process.execPath, [mainFile, 'scan', '--db', join(folder, 'data')])
  let err = ''
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  child.stdout.once('data', () => child.stdout.destroy())
  const exit = await new Promise((resolve) => child.on('close', resolve))
  assert.deepEqual({ exit, err }, { exit: 0, err: '' })
})

test('wrong usage exits with 2 and touches nothing', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  for (const args of [
    ['nope'],
    ['scan', '--limit', '-1'],
    ['put'],
    ['scan', '--gt', 'a', '--gte', 'b'],
    [],
  ]) {
    const { exit, out, err } = await varve(args)
    assert.equal(exit, 2, args.join(' '))
    assert.equal(out, '')
    assert.notEqual(err, '')
  }
  const { exit, err } = await varve(['scan', '--nope', '--json'])
  assert.equal(exit, 2)
  assert.deepEqual(JSON.parse(err), {
    error: { code: 'USAGE', message: "unknown option '--nope'" },
  })
  assert.deepEqual(
    await varve(['get', 'a']),
    failed(1, `varve: ${join(folder, 'data')} holds no database\n`),
  )
})

test('every command explains itself', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const { exit, out } = await varve(['--help'])
  assert.equal(exit, 0)
  const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(out)?.[1] ?? ''
  const names = [...list.matchAll(/^ {2}(\w+) .*$/gm)].map((match) => match[1])
  const commands = [
    'put',
    'get',
    'del',
    'scan',
    'count',
    'clear',
    'import',
    'export',
    'keyspaces',
    'stats',
    'levels',
    'explain',
    'inspect',
    'flush',
    'compact',
    'dump',
    'verify',
    'repair',
    'backup',
    'restore',
    'backups',
    'simulate',
    'shell',
    'help',
  ]
  assert.deepEqual(names, commands)
  const help = await varve(['import', '--help'])
  assert.equal(help.exit, 0)
  assert.match(help.out, /--on-error <policy>/)
})

test("damage is reported with the engine's own code", async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  await varve(['put', 'a', '1'])
  writeFileSync(join(folder, 'data', 'CURRENT'), 'not a manifest at all\n')
  const { exit, err } = await varve(['get', 'a', '--json'])
  assert.equal(exit, 1)
  assert.equal((JSON.parse(err) as { error: { code: string } }).error.code, 'CORRUPTION')
})

test('stats, levels and compact answer as text and as JSON', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  assert.deepEqual(await varve(['shell'], 'put a 1\nput b 2\nflush\nput a 3\nflush\n'), ok(''))
  assert.match(
    (await varve(['levels', '--tables'])).out,
    /L0 +2 +2 +3 .* a … b[^]*2 tables, 3 entries/,
  )
  const compacted = await varve(['compact'])
  assert.equal(compacted.exit, 0)
  assert.match(compacted.out, /^compacted in .*: tables take /)
  const levels = JSON.parse((await varve(['levels', '--json'])).out) as { tables: unknown[] }[]
  assert.equal(levels.flatMap((level) => level.tables).length, 1)
  const stats = JSON.parse((await varve(['stats', '--json'])).out) as { sequence: number }
  assert.equal(stats.sequence, 3)
  assert.match((await varve(['stats'])).out, /^owner +none: .*\nsequence +3\ntables +1, /)
})

test('Ctrl-C gives a compaction up, and leaves the tables as they were', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  await varve(['shell'], 'put a 1\nflush\nput a 2\nflush\n')
  const before = process.listenerCount('SIGINT')
  const compacting = varve(['compact'])
  while (process.listenerCount('SIGINT') === before) await new Promise(setImmediate)
  process.emit('SIGINT')
  const { exit, out, err } = await compacting
  assert.deepEqual({ exit, out }, { exit: 1, out: '' })
  assert.match(err, /compact was aborted/)
  assert.equal(process.listenerCount('SIGINT'), before)
  const levels = JSON.parse((await varve(['levels', '--json'])).out) as { tables: unknown[] }[]
  assert.equal(levels[0].tables.length, 2)
})
