import type { Driver } from 'unstorage'
import { type Database, open, type OpenOptions, VarveError } from 'varve'
import { ttlOf } from './ttl.js'

/** Options of the engine, without the encodings: unstorage has its own. */
export interface VarveDriverOptions extends Omit<OpenOptions, 'keyEncoding' | 'valueEncoding'> {
  /** Directory of the database. The first use opens it, and `dispose` closes it. */
  path: string
  /** Seconds until an item expires, if it is set without a `ttl` of its own. Default: never. */
  ttl?: number
}

/**
 * An unstorage driver that keeps its items in a Varve database, sorted by key.
 *
 * ```ts
 * const storage = createStorage({ driver: varveDriver({ path: './data' }) })
 * await storage.setItem('users:ada', { born: 1815 })
 * ```
 *
 * Items are text, or bytes through the methods whose names end in Raw. `setItems` writes all items
 * or none. `clear` is one write, however many items it removes. With `{ ttl }`, in seconds, an item
 * expires; 0 means never. A directory has one owner: mount one driver under several bases, or give
 * each driver its own directory.
 */
export default function varveDriver(
  options: VarveDriverOptions,
): Driver<VarveDriverOptions, Promise<Database<string, string>>> {
  const { path, ttl: defaultTtl, ...engineOptions } = options
  let opening: Promise<Stores> | undefined

  /** After a failed open, the next use tries again. */
  function stores(): Promise<Stores> {
    opening ??= openStores(path, engineOptions).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  return {
    name: 'varve',
    options,
    getInstance: async () => (await stores()).texts,

    hasItem: async (key) => (await stores()).texts.has(key),
    getItem: async (key) => (await (await stores()).texts.get(key)) ?? null,
    async getItems(items) {
      const keys = items.map(({ key }) => key)
      const values = await (await stores()).texts.getMany(keys)
      return keys.map((key, i) => ({ key, value: values[i] ?? null }))
    },
    getItemRaw: async (key) => (await (await stores()).bytes.get(key)) ?? null,

    async setItem(key, value, options) {
      await (await stores()).texts.put(key, value, ttlOf(options?.ttl ?? defaultTtl))
    },
    async setItems(items) {
      const { texts } = await stores()
      await texts.batch(
        items.map(({ key, value, options }) => ({
          type: 'put',
          key,
          value,
          ...ttlOf(options?.ttl ?? defaultTtl),
        })),
      )
    },
    async setItemRaw(key, value: unknown, options) {
      const { texts, bytes } = await stores()
      const ttl = ttlOf(options?.ttl ?? defaultTtl)
      if (typeof value === 'string') await texts.put(key, value, ttl)
      else await bytes.put(key, bytesOf(value), ttl)
    },
    removeItem: async (key) => (await stores()).texts.del(key),

    async getKeys(base) {
      const keys: string[] = []
      for await (const key of (await stores()).texts.keys(rangeOf(base))) keys.push(key)
      return keys
    },
    clear: async (base) => (await stores()).texts.clear(rangeOf(base)),

    async dispose() {
      const closing = opening
      opening = undefined
      await (await closing)?.texts.close()
    },
  }
}

/** The same database under two encodings of values. */
interface Stores {
  readonly texts: Database<string, string>
  readonly bytes: Database<string, Uint8Array>
}

async function openStores(path: string, options: OpenOptions): Promise<Stores> {
  const texts = await open(path, options)
  return { texts, bytes: texts.withEncodings({ valueEncoding: 'binary' }) }
}

/** unstorage passes on what it was given: any kind of buffer, or something else. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  const kind = value === null ? 'null' : typeof value
  throw new VarveError(
    'INVALID_ARGUMENT',
    `setItemRaw takes text or bytes, not a value of type ${kind}; use setItem for other values`,
  )
}

function rangeOf(base: string | undefined): { prefix?: string } {
  return base === undefined || base === '' ? {} : { prefix: base }
}
