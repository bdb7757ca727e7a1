import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { VarveError } from 'varve'
import { type Access, refusalOf } from './access.js'

/** Requests that are answered at a time, streams not counted. */
const maxRequests = 32
const maxConnections = 64

/** Answers a request whose path is one of its names; see `Routes`. */
export type Route = (request: RouteRequest, response: ServerResponse) => void | Promise<void>

/** A request that may be answered. */
export interface RouteRequest {
  readonly method: 'GET' | 'POST'
  readonly query: URLSearchParams
}

/** By method and path without the token, such as `GET api/read`. */
export type Routes = ReadonlyMap<string, Route>

/** A server that is not listening yet. */
export interface InspectorServer {
  listen(host: string, port: number): Promise<AddressInfo>
  /** Lets the process end while it listens. */
  unref(): void
  close(): Promise<void>
}

/** Serves `routes` to those that `access` admits, below `/<token>/`. */
export function createInspectorServer(access: Access, routes: Routes): InspectorServer {
  let running = 0
  let isUnref = false
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    if (running >= maxRequests) return refuse(response, 503, 'too many requests at a time')
    running++
    void answer(request, response, access, routes).finally(() => running--)
  })
  server.maxConnections = maxConnections
  server.on('connection', (socket: Socket) => isUnref && socket.unref())
  return {
    listen: (host, port) => listen(server, host, port),
    unref: () => {
      isUnref = true
      server.unref()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  access: Access,
  routes: Routes,
): Promise<void> {
  secure(response)
  const { method = '', headers } = request
  const [path, query = ''] = (request.url ?? '/').split('?', 2)
  const refusal = refusalOf(
    {
      method,
      path,
      host: headers.host,
      origin: headers.origin,
      fetchSite: textOf(headers['sec-fetch-site']),
    },
    access,
  )
  request.resume()
  if (refusal !== undefined) return refuse(response, refusal.status, refusal.message)
  const name = path.slice(access.token.length + 2)
  const verb = method === 'POST' ? 'POST' : 'GET'
  const route = routes.get(`${verb} ${name}`)
  if (route === undefined) return refuse(response, 404, 'no such page')
  try {
    await route({ method: verb, query: new URLSearchParams(query) }, response)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else answerFailure(response, error)
  }
}

/** No other origin, no inline code, no address in a Referer, no copy in a cache. */
function secure(response: ServerResponse): void {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
      "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  )
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cache-control', 'no-store')
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${message}\n`)
}

function answerFailure(response: ServerResponse, error: unknown): void {
  const isKnown = error instanceof VarveError
  const { code, message } = isKnown ? error : { code: 'INTERNAL', message: String(error) }
  const status = statusByCode[code] ?? 500
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code, message }))
}

const statusByCode: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  CLOSED: 410,
  ABORTED: 503,
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VarveError('IO', `the inspector cannot listen on ${host}:${port}: ${cause.message}`, {
          cause,
        }),
      ),
    )
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header
}
