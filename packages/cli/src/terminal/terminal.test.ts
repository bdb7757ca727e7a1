import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { test } from 'node:test'
import { runCommandLine } from '../program.js'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'

test('no command prints control characters of keys and values to a terminal', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const hostile = ['"\u009b31m"', '\u001b]0;title\u0007', '"\u007f"']
  for (const [index, value] of hostile.entries()) await varve(['put', `${value}${index}`, value])
  await varve(['flush'])
  const keys = hostile.map((value, index) => `${value}${index}`)
  const commands = [
    ...keys.flatMap((key) => [
      ['get', key],
      ['get', key, '--json'],
      ['get', key, '--encoding', 'json'],
      ['get', `${key}!`],
      ['explain', key],
      ['explain', key, '--json'],
    ]),
    ['scan'],
    ['scan', '--json'],
    ['scan', '--encoding', 'json'],
    ['scan', '--encoding', 'json', '--json'],
    ['export'],
    ['export', '--format', 'csv'],
    ['levels', '--tables'],
    ['levels', '--json'],
    ['scan', '--limit', '\u001b[1m'],
    ['\u009b1m'],
  ]
  for (const args of commands) {
    const shown = await onTerminal([...args, '--db', join(folder, 'data')])
    assert.notEqual(shown, '', args.join(' '))
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/, args.join(' '))
  }
})

/** What a person sees: standard output and standard error, both a terminal. */
async function onTerminal(args: string[]): Promise<string> {
  let shown = ''
  const terminal = () =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          shown += chunk.toString('utf8')
          done()
        },
      }),
      { isTTY: true },
    )
  await runCommandLine(args, {
    stdin: Readable.from([], { objectMode: false }),
    stdout: terminal(),
    stderr: terminal(),
  })
  return shown
}
