import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { open } from 'varve'
import { runCommandLine } from '../../program.js'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

test('inspect prints a URL, serves the page beside the owner, and ends with Ctrl-C', async (t) => {
  const directory = join(temporaryFolder(t), 'data')
  await using db = await open(directory)
  await db.put('a', '1')
  const stdout = new PassThrough()
  const io = { stdin: process.stdin, stdout, stderr: process.stderr }
  const running = runCommandLine(['inspect', directory, '--json'], io)
  const [line] = (await once(stdout, 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/)
  const read = await fetch(`${url}api/value?key=YQ`)
  assert.deepEqual(await read.json(), { found: true, sizeBytes: 1, start: 'MQ==' })
  const { origin } = new URL(url)
  const write = await fetch(`${url}api/flush`, { method: 'POST', headers: { origin } })
  assert.equal(write.status, 403)
  process.emit('SIGINT')
  assert.equal(await running, 0)
  await assert.rejects(fetch(url))
})

test('inspect names what is wrong', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  assert.match((await varve(['inspect'])).err, /^varve: .*holds no database/)
  assert.match((await varve(['inspect', '--port', 'x'])).err, /^varve: .*--port/)
  const twice = await varve(['inspect', 'x', '--db', 'y'])
  assert.equal(twice.exit, 2)
  assert.match(twice.err, /give the directory once/)
  await using db = await open(join(folder, 'data'))
  await db.put('a', '1')
  assert.match((await varve(['inspect', '--allow-writes'])).err, /LOCKED|in use|open/i)
})
