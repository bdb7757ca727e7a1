import { EventEmitter } from 'node:events'
import { type BatchOperation, type Database, open, type OpenOptions, VarveError } from 'varve'
import type { Contract } from './contract.js'
import { keyv5 } from './keyv-5.js'
import { keyv6, keyv6Capabilities } from './keyv-6.js'
import { Namespaces, prefixOf } from './namespaces.js'

/** Options of the engine, without the encodings: keys and values are text. */
export type KeyvVarveOptions = Omit<OpenOptions, 'keyEncoding' | 'valueEncoding'>

/**
 * An entry of `setMany`. Keyv 5 passes `ttl`, in milliseconds, and Keyv 6 `expires`, since 1970.
 */
export interface KeyvVarveEntry {
  key: string
  value: unknown
  ttl?: number | undefined
  expires?: number | undefined
}

// As EventEmitter and Keyv declare it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Listener = (...args: any[]) => void

type Store = Database<string, string>

/** An open database, whatever its encodings are. */
interface OpenDatabase {
  withEncodings(encodings: { keyEncoding: 'utf8'; valueEncoding: 'utf8' }): Store
}

/**
 * A storage adapter for Keyv 5 and Keyv 6 that keeps its entries in a Varve database.
 *
 * ```ts
 * const keyv = new Keyv({ store: new KeyvVarve('./cache'), namespace: 'users' })
 * await keyv.set('ada', { born: 1815 }, 60_000)
 * ```
 *
 * Given a path, it opens the database on first use and closes it in `disconnect`. Given an open
 * database, it leaves it open. To use several namespaces, open the database once and make an
 * adapter for each Keyv. An entry with a time to live expires in the database too, and compaction
 * frees its space.
 *
 * The adapter learns which Keyv uses it from the property that this Keyv reads when it is
 * constructed: Keyv 5 reads `opts`, Keyv 6 reads `capabilities`. Calls made without a Keyv follow
 * the contract of Keyv 6.
 */
export class KeyvVarve extends EventEmitter {
  private readonly namespaces = new Namespaces()
  private readonly openStore: () => Promise<Store>
  private readonly ownsStore: boolean
  private opening: Promise<Store> | undefined
  private contract: Contract = keyv6
  private contractIsKnown = false

  /** @param source Directory of a database, or an open database. */
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

  /** Read by Keyv 5, which makes iterators only for stores with a dialect that it knows. */
  get opts(): { dialect: string; url: string } {
    this.follow(keyv5)
    return { dialect: 'sqlite', url: '' }
  }

  /** Read by Keyv 6. */
  get capabilities(): typeof keyv6Capabilities {
    if (this.contractIsKnown) this.namespaces.joinedWithoutOne()
    this.follow(keyv6)
    this.namespaces.join()
    return keyv6Capabilities
  }

  /**
   * Set by Keyv. Reads as undefined while several Keyvs with different namespaces share the
   * adapter.
   *
   * @throws INVALID_ARGUMENT if it would be the second namespace with Keyv 6, which leaves it to
   *   the adapter to tell the entries of two namespaces apart
   */
  get namespace(): string | undefined {
    return this.namespaces.areSeveral ? undefined : this.namespaces.current
  }

  set namespace(namespace: string | undefined) {
    if (this.contract === keyv6) this.namespaces.refuseAnother(namespace)
    this.namespaces.assign(namespace)
  }

  /** Keyv 5 adds a listener for errors just before it sets its namespace. */
  override on(event: string | symbol, listener: Listener): this {
    const isKeyv6 = this.contractIsKnown && this.contract === keyv6
    if (event === 'error' && !isKeyv6) this.namespaces.join()
    return super.on(event, listener)
  }

  // These two are EventEmitter's own, with the types that Keyv 6 declares.
  override listeners(event: string | symbol): Listener[] {
    return super.listeners(event) as Listener[]
  }

  override rawListeners(event: string | symbol): Listener[] {
    return super.rawListeners(event) as Listener[]
  }

  async get<Value>(key: string): Promise<(Value & string) | undefined> {
    const storedKey = this.storedKey(key)
    return (await this.read((store) => store.get(storedKey))) as (Value & string) | undefined
  }

  async getMany<Value>(keys: string[]): Promise<((Value & string) | undefined)[]> {
    const storedKeys = this.storedKeys(keys)
    const values = await this.read((store) => store.getMany(storedKeys))
    return values as ((Value & string) | undefined)[]
  }

  async has(key: string): Promise<boolean> {
    const storedKey = this.storedKey(key)
    return this.read((store) => store.has(storedKey))
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const storedKeys = this.storedKeys(keys)
    return this.read((store) => isInEach(store, storedKeys))
  }

  /**
   * @param time With Keyv 6 the time at which the entry expires, in milliseconds since 1970. With
   *   Keyv 5 its time to live in milliseconds.
   */
  async set(key: string, value: unknown, time?: number): Promise<boolean> {
    const operation = this.operationOf({ key, value, ttl: time, expires: time })
    await (await this.store()).batch([operation])
    return true
  }

  /** Sets all entries, or none. */
  setMany(entries: KeyvVarveEntry[]): Promise<boolean[]>
  setMany(entries: KeyvVarveEntry[]): Promise<undefined>
  async setMany(entries: KeyvVarveEntry[]): Promise<boolean[] | undefined> {
    const operations = entries.map((entry) => this.operationOf(entry))
    await (await this.store()).batch(operations)
    return entries.map(() => true)
  }

  /** Returns whether the key was there. */
  async delete(key: string): Promise<boolean> {
    return (await this.deleteStored([this.storedKey(key)]))[0]
  }

  /**
   * Deletes all keys, or none. Returns whether each key was there, with Keyv 5 whether any was.
   */
  deleteMany(keys: string[]): Promise<boolean[]>
  deleteMany(keys: string[]): Promise<boolean>
  async deleteMany(keys: string[]): Promise<boolean | boolean[]> {
    return this.contract.deleted(await this.deleteStored(this.storedKeys(keys)))
  }

  /**
   * Deletes the entries of the namespace, without one all entries of the database. It is one
   * write, however many entries there are.
   *
   * @throws INVALID_ARGUMENT if Keyvs with different namespaces share the adapter
   */
  async clear(): Promise<void> {
    this.namespaces.refuseSeveral('clear()')
    const range = rangeOf(this.namespaces.current)
    await (await this.store()).clear(range)
  }

  /**
   * Walks over the entries of a namespace as they are when the walk begins. Keyv 5 takes this
   * property when it is constructed, so the walk stays in the namespace that it had set then.
   */
  get iterator(): (namespace?: string) => AsyncGenerator<[string, string], void> {
    const own = this.namespaces.current
    return (namespace = own) => this.entriesOf(namespace)
  }

  /** Closes the database if this adapter opened it. */
  async disconnect(): Promise<void> {
    const { opening } = this
    this.opening = undefined
    if (this.ownsStore) await (await opening)?.close()
  }

  private follow(contract: Contract): void {
    if (this.contractIsKnown && this.contract !== contract) {
      throw new VarveError(
        'INVALID_ARGUMENT',
        'a Keyv 5 and a Keyv 6 share one KeyvVarve; give each an adapter of its own',
      )
    }
    this.contract = contract
    this.contractIsKnown = true
  }

  private storedKey(key: string): string {
    return this.contract.storedKey(key, this.namespaces)
  }

  private storedKeys(keys: string[]): string[] {
    return keys.map((key) => this.storedKey(key))
  }

  private operationOf({ key, value, ttl, expires }: KeyvVarveEntry): Operation {
    const expiry = this.contract.expiry(this.contract === keyv5 ? ttl : expires)
    const storedKey = this.storedKey(key)
    if (expiry === 'expired') return { type: 'del', key: storedKey }
    return { type: 'put', key: storedKey, value: value as string, ...expiry }
  }

  private async deleteStored(keys: string[]): Promise<boolean[]> {
    const store = await this.store()
    const found = await isInEach(store, keys)
    await store.batch(keys.map((key) => ({ type: 'del', key })))
    return found
  }

  private async *entriesOf(namespace: string | undefined): AsyncGenerator<[string, string], void> {
    const store = await this.store()
    for await (const [key, value] of store.entries(rangeOf(namespace))) {
      yield [this.contract.keyvKey(key, namespace), value]
    }
  }

  /** Keyv 5 reports a failed read only if it was made with `throwOnErrors`, so this emits it. */
  private async read<T>(run: (store: Store) => Promise<T>): Promise<T> {
    try {
      return await run(await this.store())
    } catch (error) {
      if (this.contract === keyv5 && this.listenerCount('error') > 0) this.emit('error', error)
      throw error
    }
  }

  /** After a failed open, the next use tries again. */
  private store(): Promise<Store> {
    this.opening ??= this.openStore().catch((error: unknown) => {
      this.opening = undefined
      throw error
    })
    return this.opening
  }
}

type Operation = BatchOperation<string, string>

async function isInEach(store: Store, keys: string[]): Promise<boolean[]> {
  return Promise.all(keys.map((key) => store.has(key)))
}

function rangeOf(namespace: string | undefined): { prefix?: string } {
  return namespace ? { prefix: prefixOf(namespace) } : {}
}
