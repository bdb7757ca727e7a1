import type { Driver } from 'unstorage'
import { type Database, open, type OpenOptions } from 'varve'

/** Options of the engine; keys and values are unstorage's. */
export interface VarveDriverOptions extends Omit<OpenOptions, 'keyEncoding' | 'valueEncoding'> {
  /** Directory of the database, which is opened with the first use and closed by `dispose`. */
  path: string
}

/**
 * A driver of unstorage that keeps its items in a database of Varve, in the order of their keys.
 *
 * ```ts
 * const storage = createStorage({ driver: varveDriver({ path: './data' }) })
 * await storage.setItem('users:ada', { born: 1815 })
 * ```
 *
 * Items are text or, through the methods named …Raw, bytes. `setItems` is one batch, all or none; `clear`
 * is one write, however many items it removes. With `{ ttl }`, in seconds, an item expires. A directory has one owner: mount one driver under
 * several bases, or give each its own directory.
 */
export default function varveDriver(
  options: VarveDriverOptions,
): Driver<VarveDriverOptions, Promise<Database<string, string>>> {
  const { path, ...engineOptions } = options
  let opening: Promise<Stores> | undefined

  /** A database that could not be opened is tried again with the next use. */
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
      await (await stores()).texts.put(key, value, ttlOf(options))
    },
    async setItems(items) {
      const { texts } = await stores()
      await texts.batch(
        items.map(({ key, value, options }) => ({ type: 'put', key, value, ...ttlOf(options) })),
      )
    },
    async setItemRaw(key, value: unknown, options) {
      await (await stores()).bytes.put(key, bytesOf(value), ttlOf(options))
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

/** As in unstorage's own drivers, `ttl` is in seconds. */
function ttlOf(options: { ttl?: unknown } | undefined): { ttlMs?: number } {
  const ttl = options?.ttl
  return typeof ttl === 'number' ? { ttlMs: ttl * 1000 } : {}
}

/** unstorage gives bytes as they came: of any kind of buffer, or text. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  if (typeof value === 'string') return Buffer.from(value)
  throw new TypeError('setItemRaw takes text or bytes')
}

function rangeOf(base: string | undefined): { prefix?: string } {
  return base === undefined || base === '' ? {} : { prefix: base }
}
