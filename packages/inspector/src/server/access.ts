import { timingSafeEqual } from 'node:crypto'
import { urlHost } from '../options.js'

/** The requests that the server accepts. */
export interface Access {
  /** Random; the first part of every path. */
  readonly token: string
  /** Values of the header Host that are accepted, in lower case. */
  readonly hosts: ReadonlySet<string>
  readonly allowWrites: boolean
}

/** The parts of a request that decide. */
export interface AccessRequest {
  readonly method: string
  readonly path: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** The header Sec-Fetch-Site, which browsers send and pages cannot set. */
  readonly fetchSite: string | undefined
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 403 | 405 | 421
  readonly message: string
}

/**
 * Refuses requests that a page of another site could cause. A page under another name that resolves
 * to this address (DNS rebinding) sends that name as Host. A page of another origin sends Origin or
 * Sec-Fetch-Site. Everybody else needs the token.
 */
export function refusalOf(request: AccessRequest, access: Access): Refusal | undefined {
  const { method, path, host, origin, fetchSite } = request
  if (host === undefined || !access.hosts.has(host.toLowerCase())) {
    return { status: 421, message: 'this host name is not allowed; see allowedHosts' }
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return { status: 403, message: 'requests of other origins are refused' }
  }
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') {
    return { status: 403, message: 'requests of other sites are refused' }
  }
  if (!isToken(path.split('/')[1] ?? '', access.token)) {
    return { status: 403, message: 'the URL lacks the token; use the one that was printed' }
  }
  if (method === 'GET' || method === 'HEAD') return undefined
  if (method !== 'POST') return { status: 405, message: 'only GET and POST are supported' }
  if (!access.allowWrites) {
    return { status: 403, message: 'writes are off; turn them on with allowWrites' }
  }
  // A form of another page could send a POST without Origin in old browsers.
  if (origin === undefined) return { status: 403, message: 'a write needs the header Origin' }
  return undefined
}

/** The Host headers of browsers that reach a server on `host` and `port`. */
export function hostsOf(host: string, port: number, others: readonly string[]): Set<string> {
  const names = isLoopback(host) ? [host, '127.0.0.1', 'localhost', '::1'] : [host]
  return new Set([...names, ...others].map((name) => `${urlHost(name)}:${port}`.toLowerCase()))
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function isToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
