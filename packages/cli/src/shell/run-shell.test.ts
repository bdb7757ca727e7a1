import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { openBinary } from '../database/binary-database.js'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'
import { runShell } from './run-shell.js'

test('a script runs every line, and fails in the end if one has failed', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const good = await varve(
    ['shell'],
    '# a comment\n\nput "a b" 1\nget "a b"\nget absent\nexit\nbogus',
  )
  assert.deepEqual(good, { exit: 0, out: '1\n(not there)\n', err: '' })
  const bad = await varve(['shell'], 'bogus\nget "a b"\n\nget "a\nb')
  assert.equal(bad.exit, 1)
  assert.equal(bad.out, '1\n')
  assert.match(bad.err, /^line 1: unknown command 'bogus'.*\nline 4: a quote is not closed/)
})

test('a line holds several commands, a command several lines', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = `put a 1; put b "2;3";get a; # and so on
    set format json
    put j {
      "x": [1,
        2],
      "y": "}"
    } --ttl 100000; get j
    set format text
    GET b; count; count j; del a b j; Count;
    batch put k 1 ; put l 2
    scan;\\q;get absent`
  assert.deepEqual(await varve(['shell'], script), {
    exit: 0,
    out: '1\n{"x":[1,2],"y":"}"}\n2;3\n3\n1\n0\nk\t1\nl\t2\n',
    err: '',
  })
})

test('a line stops at its first failure; with a mistyped name, none of it runs', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = 'put a 1; dell b\nput b 1; put c; put d 1\nscan --keys-only'
  const { exit, out, err } = await varve(['shell'], script)
  assert.deepEqual({ exit, out }, { exit: 1, out: 'b\n' })
  assert.match(err, /^line 1: unknown command 'dell'; .*\nline 2: usage: put KEY VALUE/)
})

test('a script refuses a line that is not UTF-8, with all lines of its command', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = Buffer.concat([
    Buffer.from('put a 1\nput b "'),
    Buffer.from([0xff]),
    Buffer.from('"\nput c {\n"x": "'),
    Buffer.from([0xc3]),
    Buffer.from('"\nput "d\\xff" 1\nscan'),
  ])
  const { exit, out, err } = await varve(['shell'], script)
  assert.deepEqual({ exit, out }, { exit: 1, out: 'a\t1\nd\\xff\t1\n' })
  assert.deepEqual(err.split('\n'), [
    'line 2: the line is not valid UTF-8; write other bytes as in "\\xff"',
    'line 3: line 4 is not valid UTF-8; write other bytes as in "\\xff"',
    '',
  ])
})

test('every way out leaves', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  for (const word of ['exit', 'quit', 'QUIT;', '.exit', '\\q']) {
    const input = `${word}\nbogus`
    assert.deepEqual(await varve(['shell'], input), { exit: 0, out: '', err: '' }, word)
  }
})

test('habits from elsewhere are answered with the command to use', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const answers: [string, RegExp][] = [
    ['SELECT * FROM users', /no SQL database: 'scan' prints entries/],
    ["insert into t values (1, 'a')", /no SQL database: 'put KEY VALUE'/],
    ['DELETE FROM t', /'clear PREFIX' deletes a range/],
    ['delete a', /'del a' deletes a key/],
    ['SET k "a b"', /usage: set format .*'put k a\\ b' stores a value/],
    ['KEYS *', /'scan --keys-only' prints/],
    ['KEYS user:*', /'scan user: --keys-only' prints/],
    ['HSET h f 1', /values are plain bytes/],
    ['constructor', /'help' lists the commands/],
  ]
  for (const [line, expected] of answers) {
    const { exit, err } = await varve(['shell'], line)
    assert.equal(exit, 1, line)
    assert.match(err, expected)
  }
})

test('a write under a snapshot says which data it changed', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const script = `put a 1; snapshot take; snapshot use 1
    put a 2
    del a; clear a
    batch put a 3
    get a; count; snapshot use live; put a 4; get a`
  const { exit, out, err } = await varve(['shell'], script)
  assert.equal(exit, 0, err)
  assert.match(out, /^snapshot 1, .*\n1\n1\n4\n$/)
  assert.match(err, /^(note: the live database was written; reads still see snapshot 1.*\n){4}$/)
})

test('a value that is not JSON is refused under a JSON encoding', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const bad = ['{bad', '{"a":1,}', 'undefined', 'text', String.raw`"\"\xff\""`, '""']
  const script = bad.map((text) => `put k ${text.startsWith('"') ? text : `'${text}'`}`)
  const inShell = await varve(['shell', '--encoding', 'json'], script.join('\n'))
  assert.equal(inShell.err.match(/must be JSON|not UTF-8/g)?.length, bad.length, inShell.err)
  for (const text of ['{bad', 'text', '']) {
    for (const refused of [
      await varve(['put', 'k', text, '--encoding', 'json']),
      await varve(['put', 'k', '--encoding', 'json'], text),
    ]) {
      assert.equal(refused.exit, 2, text)
      assert.match(refused.err, /must be JSON \(a string needs quotes/)
    }
  }
  assert.equal((await varve(['put', 'k', '"text"', '--encoding', 'json'])).exit, 0)
  assert.equal((await varve(['get', 'k'])).out, '"text"\n')
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

test('JSON over several lines: another prompt; Ctrl-C drops it; history restores it', async (t) => {
  await using terminal = await openTerminal(t)
  const { shell, type, see, historyFile } = terminal
  type('put k {\r')
  await see(/varve> .*\s+\.\.\.> /)
  type('"a": 1\x03')
  await see(/\^C\s+varve> /)
  type('put k {\r "a": 1\r}\r')
  await see(/ok.*\s+varve> /)
  type('\x1b[A')
  await see(/put k \{ "a": 1 \}/)
  type('\x03')
  type('get k\r')
  await see(/\{\\n "a": 1\\n\}/)
  type('quit\r')
  assert.equal(await shell, 0)
  assert.equal(readFileSync(historyFile, 'utf8'), 'put k { "a": 1 }\nget k\nquit\n')
})

test('errors leave the prompt standing; history comes back with the arrow', async (t) => {
  await using terminal = await openTerminal(t)
  const { shell, type, see } = terminal
  type('put onlykey\r')
  await see(/usage: put KEY VALUE.*\s+varve> /)
  type('put brief x --ttl 0\r')
  await see(/must be a whole number of at least 1.*\s+varve> /)
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
