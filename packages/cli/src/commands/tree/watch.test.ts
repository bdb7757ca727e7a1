import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from 'varve'
import { LiveBlock } from '../../terminal/live-block.js'
import { runCommandLine } from '../../program.js'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

test('stats beside an owner: figures from the files, and where to find the others', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const directory = join(folder, 'data')
  {
    await using db = await open(directory)
    await db.put('a', '1')
    await db.flush()
    await db.put('b', '2')
    await db.get('b')
    writeFileSync(join(directory, '000999.sst.tmp'), 'half a table')
    const { out, exit } = await varve(['stats'])
    assert.equal(exit, 0)
    assert.match(out, new RegExp(`^owner +process ${process.pid} \\(this one\\) on .*, since 2`))
    assert.match(out, /\nsequence +2\ntables +1, .*\nlogs .*, 1 commit not in tables yet\n/)
    assert.match(out, /\ntemporary +1, 12 B, being written by the owner\n/)
    assert.match(out, new RegExp(`For those of process ${process.pid}, call db\\.stats\\(\\)`))
    // What would be wrong of the owner is not shown at all.
    assert.doesNotMatch(out, /\d (hit|miss|probe|stall)|hit rate|amplification +write/)
    assert.match(
      (await varve(['levels'])).out,
      /open in process \d+; scores assume default options/,
    )
    const record = JSON.parse((await varve(['stats', '--json'])).out) as Record<string, unknown>
    assert.equal((record['owner'] as { pid: number }).pid, process.pid)
    assert.deepEqual(record['countersOf'], { pid: process.pid })
    assert.equal(record['sequence'], 2)
  }
  const alone = await varve(['stats'])
  assert.match(alone.out, /^owner +none/)
  assert.match(alone.out, /'stats' in 'varve shell'/)
  assert.doesNotMatch((await varve(['levels'])).out, /open in process/)
})

/** Runs a command that watches, on a terminal or not, until `isEnough` of its output. */
async function watched(
  folder: string,
  args: string[],
  isTTY: boolean,
  isEnough: (out: string) => boolean,
): Promise<{ exit: number; out: string }> {
  let out = ''
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    out += chunk.toString()
    done()
  }
  const stdout = Object.assign(new Writable({ write }), { isTTY, rows: 20 })
  const io = { stdin: process.stdin, stdout, stderr: process.stderr }
  const running = runCommandLine([...args, '--db', join(folder, 'data')], io)
  for (const end = performance.now() + 10_000; !isEnough(out); await sleep(5)) {
    if (performance.now() > end) assert.fail(`not enough: ${out}`)
  }
  process.emit('SIGINT')
  return { exit: await running, out }
}

test('--watch follows the owner: in a pipe, as JSON, and in place on a terminal', async (t) => {
  const folder = temporaryFolder(t)
  await using db = await open(join(folder, 'data'))
  const listeners = process.listenerCount('SIGINT')
  const sequences = (out: string): string[] => out.match(/sequence +\d+/g) ?? []
  await db.put('a', '1')
  const growing = setInterval(() => db.putSync('b', '2'), 10)
  try {
    await check()
  } finally {
    clearInterval(growing)
  }

  async function check(): Promise<void> {
    const piped = await watched(folder, ['stats', '--watch', '0.05'], false, (out) => {
      return new Set(sequences(out)).size >= 3
    })
    assert.equal(piped.exit, 0)
    assert.match(
      piped.out,
      /^\d{4}-.*Z, every 0.05 s\nowner [^]*\n\n\d{4}-.*Z, every 0.05 s\nowner/,
    )
    assert.match(piped.out, /sequence +\d+, \d+ operations\/s/)
    assert.doesNotMatch(piped.out, /\x1b/) // eslint-disable-line no-control-regex

    const isThree = (out: string): boolean => out.split('\n').length > 3
    const json = await watched(folder, ['levels', '--json', '--watch', '0.05'], false, isThree)
    for (const line of json.out.trimEnd().split('\n'))
      assert.equal(typeof JSON.parse(line), 'object')

    const shown = await watched(folder, ['stats', '--watch', '0.05'], true, (out) => {
      return new Set(sequences(out)).size >= 3
    })
    assert.match(shown.out, /\x1b\[\d+A/) // eslint-disable-line no-control-regex
    assert.ok(shown.out.endsWith('\x1b[?7h\x1b[?25h'), 'the cursor is back')
    assert.equal(process.listenerCount('SIGINT'), listeners)
  }
})

test('--watch takes a number of seconds', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const { exit, err } = await varve(['stats', '--watch', '0'])
  assert.equal(exit, 2)
  assert.match(err, /--watch.*a number/)
})

test('a live block is as high as its text, and no higher than the terminal', () => {
  let out = ''
  const stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        out += chunk.toString()
        done()
      },
    }),
    { rows: 4 },
  )
  const block = new LiveBlock(stream)
  block.show('1\n2')
  block.show('1\n2\n3\n4\n5')
  block.show('1')
  block.end()
  const ups = out.match(/\x1b\[\d+A/g) // eslint-disable-line no-control-regex
  assert.deepEqual(ups, ['\x1b[2A', '\x1b[3A'])
  assert.doesNotMatch(out, /4/)
})
