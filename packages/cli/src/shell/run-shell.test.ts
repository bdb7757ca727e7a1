import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { openBinary } from '../invocation.js'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'
import { runShell } from './run-shell.js'

test('a script runs every line, and fails in the end if one has failed', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const good = await varve(
    ['shell'],
    '# a comment\n\nput "a b" 1\nget "a b"\nget absent\nexit\nbogus',
  )
  assert.deepEqual(good, { exit: 0, out: '1\n(not there)\n', err: '' })
  const bad = await varve(['shell'], 'bogus\nget "a\nget "a b"\n')
  assert.equal(bad.exit, 1)
  assert.equal(bad.out, '1\n')
  assert.match(bad.err, /^line 1: there is no command 'bogus'.*\nline 2: a quote is not closed/)
})

test('a batch, a range, snapshots, formats, explanations', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = `
    batch put a 1 ; put b/1 2 ; put b/2 3 ; del a ;
    snapshot take
    put b/1 new
    clear b/2
    scan
    snapshot use 1
    scan --reverse
    snapshot list
    snapshot use live
    snapshot release 1
    set format json
    put j {"x":[1]}
    get j
    set format hex
    get b/1
    flush
    explain get b/1
    clear --all
    scan`
  const { exit, out, err } = await varve(['shell'], script)
  assert.deepEqual({ exit, err }, { exit: 0, err: '' })
  const lines = out.trimEnd().split('\n')
  assert.match(lines.shift()!, /^snapshot 1, sequence 4; /)
  assert.deepEqual(lines.splice(0, 6), [
    'b/1\tnew',
    'b/2\t3',
    'b/1\t2',
    'snapshot 1, sequence 4, in use',
    '{"x":[1]}',
    '6e6577',
  ])
  assert.match(
    lines.join('\n'),
    /L0 table #\d+, filter says perhaps, .*: found.*\n.* is found; asked \d/,
  )
})

/** A terminal with a person before it, who types and reads. */
async function openTerminal(t: TestContext) {
  const folder = temporaryFolder(t)
  const historyFile = join(folder, 'history')
  process.env['VARVE_HISTORY'] = historyFile
  const db = await openBinary(join(folder, 'data'))
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 200 })
  let screen = ''
  output
    .setEncoding('utf8')
    .on('data', (text: string) => (screen += stripVTControlCharacters(text)))
  const shell = runShell(db, { io: { stdin: input, stdout: output, stderr: output } })
  return {
    db,
    shell,
    historyFile,
    [Symbol.asyncDispose]: () => db.close(),
    type: (text: string) => void input.write(text),
    /** Waits until the screen shows `pattern`, then forgets what it has shown. */
    see: async (pattern: RegExp) => {
      for (const end = performance.now() + 5000; !pattern.test(screen); await sleep(2)) {
        if (performance.now() > end) assert.fail(`no ${String(pattern)} in:\n${screen}`)
      }
      screen = ''
    },
  }
}

test('Ctrl-C ends a long scan, and only that; Ctrl-D leaves', async (t) => {
  await using terminal = await openTerminal(t)
  const { db, shell, type, see, historyFile } = terminal
  for (let i = 0; i < 100; i++) {
    await db.batch(
      Array.from({ length: 1000 }, (_, j) => ({
        type: 'put',
        key: Buffer.from(`${i}-${j}`),
        value: Buffer.from('some value'),
      })),
    )
  }
  await db.put(Buffer.from('only one'), Buffer.from(''))
  await see(/varve> /)
  type('scan\r')
  await see(/some value/)
  type('\x03')
  await see(/cancelled after [\d,]+ entries\s+varve> /)
  for (let twice = 0; twice < 2; twice++) {
    type('get 7-7\r')
    await see(/some value\s+found .*\s+varve> /)
  }
  type('half a line\x03')
  await see(/\^C\s+varve> /)
  type('\x03')
  await see(/'exit' leaves\)\s+varve> /)
  type('get on')
  type('\t')
  await see(/only\\ one/)
  type('\x03')
  await see(/varve> /)
  type('\x04')
  assert.equal(await shell, 1)
  assert.equal(readFileSync(historyFile, 'utf8'), 'scan\nget 7-7\n')
})

test('errors leave the prompt standing; history comes back with the arrow', async (t) => {
  await using terminal = await openTerminal(t)
  const { shell, type, see } = terminal
  type('put onlykey\r')
  await see(/usage: put KEY VALUE.*\s+varve> /)
  type('put brief x --ttl 0\r')
  await see(/not a whole number of at least 1.*\s+varve> /)
  type('put brief x --ttl 1\r')
  await see(/ok.*\s+varve> /)
  type('get brief\r')
  await see(/not there.*\s+varve> /)
  type('snapshot take\r')
  await see(/snapshot 1, .*\s+varve> /)
  type('snapshot use 1\r')
  await see(/varve@1> /)
  type('\x1b[A\x1b[A')
  await see(/snapshot take/)
  type('\x03')
  type('exit\r')
  assert.equal(await shell, 2)
})
