import type { ServerResponse } from 'node:http'
import { VarveError } from 'varve'
import type { BinaryDatabase, Broadcast } from '../live/broadcast.js'
import type { ResolvedInspectorOptions } from '../options.js'
import { listKeys } from '../views/key-browser.js'
import { historyLines } from '../views/manifest-history.js'
import { traceRead } from '../views/read-trace.js'
import { readStoredBlock } from '../views/stored-block.js'
import { describeValue } from '../views/value.js'
import type { Route, RouteRequest, Routes } from './http-server.js'
import { pageRoutes } from './page-files.js'

/** All that the page asks for. */
export function routesOf(
  db: BinaryDatabase,
  broadcast: Broadcast,
  { fileSystem }: ResolvedInspectorOptions,
): Routes {
  const files = fileSystem === undefined ? {} : { fileSystem }
  return new Map<string, Route>([
    ...pageRoutes(),
    [
      'GET events',
      (_, response) => {
        if (!broadcast.add(response))
          throw new VarveError('ABORTED', 'too many pages are open; close one')
      },
    ],
    ['GET api/read', ({ query }, response) => json(response, traceRead(db, bytesOf(query, 'key')))],
    [
      'GET api/keys',
      async ({ query }, response) => {
        const after = query.has('after') ? bytesOf(query, 'after') : undefined
        json(response, await listKeys(db, bytesOf(query, 'prefix'), after))
      },
    ],
    [
      'GET api/value',
      async ({ query }, response) => json(response, await describeValue(db, bytesOf(query, 'key'))),
    ],
    [
      'GET api/block',
      async (request, response) => {
        const bytes = await readStoredBlock(db, files, blockPlaceOf(request))
        response.setHeader('content-type', 'application/octet-stream')
        response.end(bytes)
      },
    ],
    ['GET api/history', (_, response) => sendLines(response, historyLines(db.path, files))],
    ['POST api/flush', (_, response) => db.flush().then(() => json(response, {}))],
    ['POST api/compact', (_, response) => db.compact().then(() => json(response, {}))],
  ])
}

function blockPlaceOf({ query }: RouteRequest) {
  return {
    fileNumber: numberOf(query, 'file'),
    offset: numberOf(query, 'offset'),
    sizeBytes: numberOf(query, 'size'),
  }
}

function json(response: ServerResponse, answer: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(answer))
}

/** Lines of JSON, at the speed of the reader. */
async function sendLines(response: ServerResponse, lines: AsyncIterable<string>): Promise<void> {
  response.setHeader('content-type', 'application/x-ndjson')
  for await (const line of lines) {
    if (response.destroyed) return
    if (!response.write(line)) await drained(response)
  }
  response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

/** A parameter in base64url; missing: empty. */
function bytesOf(query: URLSearchParams, name: string): Buffer {
  return Buffer.from(query.get(name) ?? '', 'base64url')
}

function numberOf(query: URLSearchParams, name: string): number {
  const value = Number(query.get(name) ?? NaN)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new VarveError('INVALID_ARGUMENT', `${name} must be a whole number`, { option: name })
}
