import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

export const accounts = 1000
export const bankNames = ['varve', 'varve, sync', 'lmdb', 'lmdb, sync', 'better-sqlite3']

const key = (i) => `account ${String(i).padStart(6, '0')}`

/** A bank whose accounts have 100 each. Rejects if the engine is not installed. */
export async function openBank(name, path) {
  mkdirSync(path, { recursive: true })
  const [engine, isSync] = name.split(', ')
  const bank = await open[engine](path, isSync !== undefined)
  return bank
}

const open = {
  async varve(path, isSync) {
    const { open: openVarve, json } = await import('varve')
    const db = await openVarve(path, { valueEncoding: json() })
    for (let i = 0; i < accounts; i++) db.putSync(key(i), 100)
    return {
      transfer: isSync
        ? (from, to, amount) =>
            db.transactionSync((tx) => {
              tx.putSync(key(from), tx.getSync(key(from)) - amount)
              tx.putSync(key(to), tx.getSync(key(to)) + amount)
            })
        : (from, to, amount) =>
            db.transaction(
              async (tx) => {
                await tx.put(key(from), (await tx.get(key(from))) - amount)
                await tx.put(key(to), (await tx.get(key(to))) + amount)
              },
              { retries: 100 },
            ),
      sum: () => [...db.values()].reduce((sum, balance) => sum + balance, 0),
      conflicts: () => db.stats().transactions.conflicts,
      close: () => db.close(),
    }
  },
  async lmdb(path, isSync) {
    const { open: openLmdb } = await import('lmdb')
    const db = openLmdb({ path, encoding: 'json', noSync: true })
    for (let i = 0; i < accounts; i++) db.putSync(key(i), 100)
    const move = (from, to, amount) => () => {
      db.put(key(from), db.get(key(from)) - amount)
      db.put(key(to), db.get(key(to)) + amount)
    }
    return {
      transfer: isSync
        ? (from, to, amount) => db.transactionSync(move(from, to, amount))
        : (from, to, amount) => db.transaction(move(from, to, amount)),
      sum: () => [...db.getRange({})].reduce((sum, { value }) => sum + value, 0),
      close: () => db.close(),
    }
  },
  async 'better-sqlite3'(path) {
    const { default: Database } = await import('better-sqlite3')
    const db = new Database(join(path, 'bank.sqlite'))
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.exec('CREATE TABLE account (key TEXT PRIMARY KEY, balance INTEGER) WITHOUT ROWID')
    const insert = db.prepare('INSERT INTO account VALUES (?, 100)')
    const select = db.prepare('SELECT balance FROM account WHERE key = ?').pluck()
    const update = db.prepare('UPDATE account SET balance = ? WHERE key = ?')
    for (let i = 0; i < accounts; i++) insert.run(key(i))
    return {
      transfer: db.transaction((from, to, amount) => {
        update.run(select.get(key(from)) - amount, key(from))
        update.run(select.get(key(to)) + amount, key(to))
      }),
      sum: () => db.prepare('SELECT sum(balance) FROM account').pluck().get(),
      close: () => db.close(),
    }
  },
}
