import assert from 'node:assert/strict'
import { hasSubscribers } from 'node:diagnostics_channel'
import { request, type OutgoingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { VarveError } from 'varve'
import { inspector } from './inspector.js'
import { maxViewers } from './live/broadcast.js'
import { EventReader } from './testing/event-reader.js'
import { liveDatabase, writeUsers } from './testing/live-database.js'

test('the server refuses other hosts and origins, and requests without the token', async () => {
  await using live = await liveDatabase()
  const { url } = live.inspected
  const { origin } = new URL(url)
  assert.equal(await statusOf(`${url}api/keys`), 200)
  assert.equal(await statusOf(`${origin}/`), 403)
  assert.equal(await statusOf(`${origin}/${'0'.repeat(32)}/events`), 403)
  assert.equal(await statusOf(`${url}events`, { host: 'evil.example' }), 421)
  assert.equal(await statusOf(`${url}api/keys`, { origin: 'https://evil.example' }), 403)
  assert.equal(await statusOf(`${url}api/keys`, { 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await statusOf(`${url}../../package.json`), 404)
  assert.equal(await statusOf(`${url}..%2fpackage.json`), 404)
})

test('two inspectors have different tokens', async () => {
  await using live = await liveDatabase()
  await using other = await inspector(live.db)
  const [a, b] = [live.inspected, other].map(({ url }) => new URL(url).pathname)
  assert.match(a, /^\/[0-9a-f]{32}\/$/)
  assert.notEqual(a, b)
})

test('writes are refused unless they are allowed', async () => {
  await using live = await liveDatabase()
  await live.db.put('a', '1')
  const { url } = live.inspected
  const { origin } = new URL(url)
  assert.equal(await statusOf(`${url}api/flush`, { origin }, 'POST'), 403)
  assert.equal(live.db.stats().flushes.count, 0)
  await using open = await inspector(live.db, { allowWrites: true })
  const own = new URL(open.url).origin
  assert.equal(await statusOf(`${open.url}api/flush`, {}, 'POST'), 403)
  assert.equal(await statusOf(`${open.url}api/flush`, { origin }, 'POST'), 403)
  assert.equal(await statusOf(`${open.url}api/flush`, { origin: own }, 'POST'), 200)
  assert.equal(live.db.stats().flushes.count, 1)
  assert.equal(await statusOf(`${open.url}api/flush`), 404)
})

test('every answer forbids code and requests of other origins', async () => {
  await using live = await liveDatabase()
  const { headers } = await fetch(`${live.inspected.url}api/keys`)
  assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.equal(headers.get('referrer-policy'), 'no-referrer')
  assert.equal(headers.get('access-control-allow-origin'), null)
})

test('a viewer gets the tree, its edits and samples', async () => {
  await using live = await liveDatabase({ sampleMs: 100 })
  await writeUsers(live.db, 0, 500)
  await using events = await EventReader.connect(live.inspected.url)
  const hello = await events.next('hello')
  assert.equal(hello.path, live.db.path)
  const files = new Map(
    (await events.next('tree')).tables.map((one) => [one.table.fileNumber, one]),
  )
  assert.ok(files.size > 0)
  await writeUsers(live.db, 500, 1500)
  const expected = fileNumbersOf(live.db.levels())
  while (fileNumbers(files) !== expected) {
    const { added, deleted } = await events.next('edit')
    for (const { fileNumber } of deleted) assert.ok(files.delete(fileNumber))
    for (const one of added) files.set(one.table.fileNumber, one)
  }
  const sample = await events.next('sample')
  assert.equal(sample.stats.sequence, 1500)
  assert.equal(sample.memtables[0].isSealed, false)
})

test('notes report flushes and compactions', async () => {
  await using live = await liveDatabase()
  await using events = await EventReader.connect(live.inspected.url)
  await events.next('tree')
  await live.db.put('a', '1')
  await live.db.flush()
  const note = await events.next('note')
  assert.equal(note.kind, 'flush')
})

test('without viewers nothing is watched', async () => {
  await using live = await liveDatabase({ sampleMs: 100 })
  assert.equal(hasSubscribers('varve:commit'), false)
  {
    await using events = await EventReader.connect(live.inspected.url)
    await events.next('sample')
    assert.equal(hasSubscribers('varve:commit'), true)
    assert.equal(live.inspected.viewerCount, 1)
  }
  while (live.inspected.viewerCount > 0) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(hasSubscribers('varve:commit'), false)
})

test(`at most ${maxViewers} pages are served`, async () => {
  await using live = await liveDatabase()
  const pages: EventReader[] = []
  while (pages.length < maxViewers) pages.push(await EventReader.connect(live.inspected.url))
  assert.equal(await statusOf(`${live.inspected.url}events`), 503)
  for (const page of pages) await page[Symbol.asyncDispose]()
})

test('closing the database ends the streams and the server', async () => {
  await using live = await liveDatabase({ sampleMs: 100 })
  await using events = await EventReader.connect(live.inspected.url)
  await events.next('tree')
  await live.db.close()
  await events.next('closed')
})

test('a port in use and bad options are reported', async () => {
  await using live = await liveDatabase()
  const port = Number(new URL(live.inspected.url).port)
  await assert.rejects(
    inspector(live.db, { port }),
    (error) => error instanceof VarveError && error.code === 'IO',
  )
  await assert.rejects(inspector(live.db, { port: -1 }), /port must be a number/)
  await assert.rejects(inspector(live.db, { prot: 1 } as object), /unknown option.*prot/)
})

/** Of a request with headers that `fetch` would not send. */
function statusOf(
  url: string,
  headers: OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<number | undefined> {
  // The path as it is, without resolving dots.
  const { hostname, port } = new URL(url)
  const path = url.slice(url.indexOf('/', 'http://'.length))
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      resolve(response.statusCode)
      response.destroy()
    })
    sent.on('error', reject).end()
  })
}

function fileNumbersOf(levels: readonly { tables: readonly { fileNumber: number }[] }[]): string {
  const numbers = levels.flatMap(({ tables }) => tables.map(({ fileNumber }) => fileNumber))
  return numbers.sort((a, b) => a - b).join()
}

function fileNumbers(files: ReadonlyMap<number, unknown>): string {
  return [...files.keys()].sort((a, b) => a - b).join()
}
