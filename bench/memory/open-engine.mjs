import { bloomBitsPerKey, sizesFor } from './settings.mjs'

/**
 * What the measurement needs of an engine. `range` returns the number of entries from a key on, or
 * a promise of it. `getSync` and `getMany` are missing where the engine lacks them.
 */
export function openForMemory(engine, path, { memoryBytes, encoding }) {
  return openers[engine](path, { ...sizesFor(memoryBytes), encoding })
}

const openers = {
  async varve(path, { cacheBytes, writeBufferBytes, encoding }) {
    const { open } = await import('../../packages/varve/dist/index.js')
    const db = await open(path, {
      memtableBytes: writeBufferBytes,
      cacheBytes,
      filterBitsPerKey: bloomBitsPerKey,
      keyEncoding: encoding,
      valueEncoding: encoding,
    })
    return {
      put: (key, value) => db.put(key, value),
      batch: (entries) => db.batch(entries),
      get: (key) => db.get(key),
      getSync: (key) => db.getSync(key),
      getMany: (keys) => db.getMany(keys),
      async range(gte, limit) {
        let count = 0
        for await (const entry of db.entries({ gte, limit })) count += entry.length / 2
        return count
      },
      async settle() {
        await db.flush()
        await db.compact()
      },
      close: () => db.close(),
    }
  },

  async 'classic-level'(path, { cacheBytes, writeBufferBytes, encoding }) {
    const { ClassicLevel } = await import('classic-level')
    const db = new ClassicLevel(path, {
      ...levelEncodings(encoding),
      cacheSize: cacheBytes,
      writeBufferSize: writeBufferBytes,
    })
    await db.open()
    return {
      ...levelCalls(db),
      getSync: (key) => db.getSync(key),
      settle: () => db.compactRange(bound(encoding, '\x00'), bound(encoding, '\x7f')),
    }
  },

  async rocksdb(path, { cacheBytes, encoding }) {
    const { RocksLevel } = await import('@nxtedition/rocksdb')
    const db = new RocksLevel(path, {
      ...levelEncodings(encoding),
      cacheSize: cacheBytes,
      filterPolicy: `bloomfilter:${bloomBitsPerKey}`,
    })
    await db.open()
    return { ...levelCalls(db), get: async (key) => (await db.getMany([key]))[0], settle() {} }
  },

  async lmdb(path, { encoding }) {
    const { open } = await import('lmdb')
    const encodings =
      encoding === 'utf8' ? { encoding: 'string' } : { encoding: 'binary', keyEncoding: 'binary' }
    const db = open({ path, ...encodings, noSync: true, noReadAhead: true })
    return {
      put: (key, value) => db.put(key, value),
      batch: (entries) =>
        db.batch(() => {
          for (const { key, value } of entries) db.put(key, value)
        }),
      get: (key) => db.get(key),
      getSync: (key) => db.get(key),
      getMany: (keys) => db.getMany(keys),
      range(start, limit) {
        let count = 0
        for (const { value } of db.getRange({ start, limit })) count += value === undefined ? 0 : 1
        return count
      },
      settle: () => db.flushed,
      close: () => db.close(),
    }
  },
}

function levelEncodings(encoding) {
  const name = encoding === 'utf8' ? 'utf8' : 'buffer'
  return { keyEncoding: name, valueEncoding: name }
}

function levelCalls(db) {
  return {
    put: (key, value) => db.put(key, value),
    batch: (entries) => db.batch(entries),
    get: (key) => db.get(key),
    getMany: (keys) => db.getMany(keys),
    range: async (gte, limit) => (await db.iterator({ gte, limit }).all()).length,
    close: () => db.close(),
  }
}

function bound(encoding, text) {
  return encoding === 'utf8' ? text : Buffer.from(text)
}
