import { EventEmitter } from 'node:events'
import type { KeyvStoreAdapter, StoredData } from 'keyv'
import { type Database, open, type OpenOptions } from 'varve'

/** Options of the engine; keys and values are Keyv's text. */
export type KeyvVarveOptions = Omit<OpenOptions, 'keyEncoding' | 'valueEncoding'>

type Store = Database<string, string>

/** An open database, whatever its encodings are. */
interface OpenDatabase {
  withEncodings(encodings: { keyEncoding: 'utf8'; valueEncoding: 'utf8' }): Store
}

/**
 * Keeps what a Keyv holds in a database of Varve.
 *
 * ```ts
 * const keyv = new Keyv({ store: new KeyvVarve('./cache'), namespace: 'users' })
 * await keyv.set('ada', { born: 1815 }, 60_000)
 * ```
 *
 * Given a path it opens that database with the first use and closes it in `disconnect`; a directory has
 * one owner, so several Keyvs share either one adapter or one open database. What has a time to live
 * expires in the database, which takes it off the disk by compaction.
 */
export class KeyvVarve extends EventEmitter implements KeyvStoreAdapter {
  /**
   * Keyv 5 walks only over stores of a dialect that it knows, whatever methods they have; it reads this
   * name for nothing else.
   */
  readonly opts = { dialect: 'sqlite', url: '' }
  /** Set by Keyv, which puts it before each key, with a colon. */
  namespace: string | undefined
  private readonly openStore: () => Promise<Store>
  private readonly ownsStore: boolean
  private opening: Promise<Store> | undefined

  /** @param source Directory of a database, or a database that is open and stays so. */
  constructor(source: string, options?: KeyvVarveOptions)
  constructor(source: OpenDatabase)
  constructor(source: string | OpenDatabase, options: KeyvVarveOptions = {}) {
    super()
    this.ownsStore = typeof source === 'string'
    if (typeof source === 'string') {
      this.openStore = () => open(source, options)
    } else {
      const store = source.withEncodings({ keyEncoding: 'utf8', valueEncoding: 'utf8' })
      this.openStore = () => Promise.resolve(store)
    }
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    return (await this.read((store) => store.get(key))) as StoredData<Value> | undefined
  }

  async getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    return (await this.read((store) => store.getMany(keys))) as StoredData<Value | undefined>[]
  }

  /** `ttl` in milliseconds. Keyv writes into `value` too when it expires, and looks at it when it reads. */
  async set(key: string, value: string, ttl?: number): Promise<void> {
    await (await this.store()).put(key, value, ttlOf(ttl))
  }

  /** All of them, or none. */
  async setMany(entries: { key: string; value: string; ttl?: number }[]): Promise<void> {
    const store = await this.store()
    await store.batch(
      entries.map(({ key, value, ttl }) => ({ type: 'put', key, value, ...ttlOf(ttl) })),
    )
  }

  /** Whether it was there. */
  delete(key: string): Promise<boolean> {
    return this.deleteMany([key])
  }

  /** Whether any of them was there. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const store = await this.store()
    const found = await store.getMany(keys)
    await store.batch(keys.map((key) => ({ type: 'del', key })))
    return found.some((value) => value !== undefined)
  }

  /** One write, however many keys: those of the namespace, or without one, all of the database. */
  async clear(): Promise<void> {
    await (await this.store()).clear(rangeOf(this.namespace))
  }

  /** The entries as they are when it begins. */
  async *iterator<Value>(namespace?: string): AsyncGenerator<[string, Awaited<Value>], void> {
    const store = await this.store()
    for await (const entry of store.entries(rangeOf(namespace))) {
      yield entry as [string, Awaited<Value>]
    }
  }

  /** Closes the database that it opened. */
  async disconnect(): Promise<void> {
    const { opening } = this
    this.opening = undefined
    if (this.ownsStore) await (await opening)?.close()
  }

  /** Keyv tells nobody that a read failed, unless it was made with `throwOnErrors`. */
  private async read<T>(run: (store: Store) => Promise<T>): Promise<T> {
    try {
      return await run(await this.store())
    } catch (error) {
      if (this.listenerCount('error') > 0) this.emit('error', error)
      throw error
    }
  }

  /** A database that could not be opened is tried again with the next use. */
  private store(): Promise<Store> {
    this.opening ??= this.openStore().catch((error: unknown) => {
      this.opening = undefined
      throw error
    })
    return this.opening
  }
}

/** Longer than any database keeps anything, which leaves it to Keyv. */
const longestTtlMs = 2 ** 46

function ttlOf(ttl: number | undefined): { ttlMs?: number } {
  return ttl !== undefined && ttl > 0 && ttl <= longestTtlMs ? { ttlMs: ttl } : {}
}

function rangeOf(namespace: string | undefined): { prefix?: string } {
  return namespace === undefined || namespace === '' ? {} : { prefix: `${namespace}:` }
}
