import { randomBytes } from 'node:crypto'
import type { Database } from 'varve'
import { Broadcast } from './live/broadcast.js'
import { type InspectorOptions, resolveInspectorOptions, urlHost } from './options.js'
import { hostsOf } from './server/access.js'
import { createInspectorServer } from './server/http-server.js'
import { routesOf } from './server/routes.js'

/** A server that shows a database in a browser. */
export interface Inspector extends AsyncDisposable {
  /**
   * The address of the page. It contains the token. Keep it secret: it gives access to all data.
   */
  readonly url: string
  /** Pages that are connected. */
  readonly viewerCount: number
  /** Ends the server and the pages' connections. The database stays open. */
  close(): Promise<void>
}

/**
 * Starts a server that shows `db` at work in a browser. It listens on loopback only, and costs the
 * database nothing while no page is open. It ends with `close`, or when the database is closed.
 *
 * ```ts
 * const { url } = await inspector(db)
 * console.log(url)
 * ```
 *
 * @throws INVALID_ARGUMENT for a bad option; IO if the address is in use
 */
export async function inspector<K, V>(
  db: Database<K, V>,
  options: InspectorOptions = {},
): Promise<Inspector> {
  const resolved = resolveInspectorOptions(options)
  const { host, port, allowedHosts, allowWrites, keepAlive } = resolved
  const bytes = db.withEncodings({ keyEncoding: 'binary', valueEncoding: 'binary' })
  const token = randomBytes(16).toString('hex')
  const broadcast = new Broadcast(bytes, resolved, () => void close())
  const hosts = new Set<string>()
  const access = { token, hosts, allowWrites }
  const server = createInspectorServer(access, routesOf(bytes, broadcast, resolved))
  if (!keepAlive) server.unref()
  const { port: actualPort } = await server.listen(host, port)
  for (const name of hostsOf(host, actualPort, allowedHosts)) hosts.add(name)
  let closing: Promise<void> | undefined
  function close(): Promise<void> {
    return (closing ??= closeAll())
  }
  async function closeAll(): Promise<void> {
    broadcast.close()
    await server.close()
  }
  return {
    url: `http://${urlHost(host)}:${actualPort}/${token}/`,
    get viewerCount() {
      return broadcast.viewerCount
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
