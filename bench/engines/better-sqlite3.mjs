import { join } from 'node:path'
import Database from 'better-sqlite3'
import { cacheBytes } from './driver.mjs'
import { installedVersion } from './index.mjs'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function open(directory, { durable }) {
  const db = new Database(join(directory, 'bench.sqlite'))
  db.pragma('journal_mode = WAL')
  db.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`)
  db.pragma(`cache_size = -${cacheBytes / 1024}`)
  db.exec('CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID')
  const insert = db.prepare('INSERT OR REPLACE INTO kv VALUES (?, ?)')
  const remove = db.prepare('DELETE FROM kv WHERE key = ?')
  const select = db.prepare('SELECT value FROM kv WHERE key = ?').pluck()
  const range = db.prepare('SELECT key, value FROM kv WHERE key >= ? ORDER BY key LIMIT ?').raw()
  const backward = db.prepare('SELECT key, value FROM kv ORDER BY key DESC').raw()
  const insertAll = db.transaction((entries) => {
    for (const { key, value } of entries) insert.run(key, value)
  })
  const put = (key, value) => void insert.run(key, value)
  const get = (key) => select.get(key)
  return {
    version: installedVersion('better-sqlite3'),
    settings: `WAL, synchronous ${durable ? 'FULL' : 'NORMAL'}, prepared statements, WITHOUT ROWID`,
    isConcurrent: false,
    put,
    putSync: put,
    batch: (entries) => insertAll(entries),
    putDurable: put,
    del: (key) => void remove.run(key),
    get,
    getSync: get,
    scan({ gte = '', limit = -1, reverse = false }, visit) {
      const rows = reverse ? backward.iterate() : range.iterate(gte, limit)
      for (const [key, value] of rows) visit(key, value)
    },
    settle: () => void db.pragma('wal_checkpoint(TRUNCATE)'),
    close: () => void db.close(),
  }
}
