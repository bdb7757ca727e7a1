import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type Server } from 'node:http'
import type { ChannelMessages, WatchedDatabase } from 'varve'
import { prometheusContentType, prometheusText } from 'varve/metrics'

/**
 * Serves the metrics of all databases that the process opens from now on, for
 * Prometheus to scrape. Close the server to end it.
 */
export function servePrometheus(port: number): Server {
  const databases = new Map<string, WatchedDatabase>()
  const opened = (message: unknown): void => {
    const { database, db } = message as ChannelMessages['varve:open']
    // A reader of the same directory, if there is one, has nothing to add.
    if (!databases.has(database)) databases.set(database, db)
  }
  const closed = (message: unknown): void => {
    const { database, db } = message as ChannelMessages['varve:close']
    if (databases.get(database) === db) databases.delete(database)
  }
  subscribe('varve:open', opened)
  subscribe('varve:close', closed)
  const server = createServer((_request, response) => {
    response.setHeader('content-type', prometheusContentType)
    response.end(prometheusText(Object.fromEntries(databases)))
  })
  server.on('close', () => {
    unsubscribe('varve:open', opened)
    unsubscribe('varve:close', closed)
  })
  return server.listen(port)
}
