import { existsSync, realpathSync } from 'node:fs'
import { DataError } from '../exit-code.js'
import { asBuffer } from '../text/as-buffer.js'
import {
  type ForeignDatabase,
  type ForeignEntry,
  maxListBytes,
  maxListCount,
} from './foreign-database.js'
import { loadPeer } from './peer-package.js'

/** The part of lmdb that is used. */
interface LmdbModule {
  open(options: object): LmdbDatabase
}

interface LmdbDatabase {
  openDB(options: object): LmdbDatabase | undefined
  getStats(): { entryCount: number }
  getRange(options: object): Iterable<{ key: Uint8Array; value: Uint8Array }>
  close(): Promise<void>
}

/**
 * The main database holds a record of 48 bytes for each named one, under its name and a zero byte:
 *
 *     zeros u32 │ flags u16 │ depth u16 │ pages of three kinds, entries, root page: 5 × u64
 */
const namedRecordBytes = 48

const asBytes = { keyEncoding: 'binary', encoding: 'binary' }

/** The main database of an environment, or one of its named ones. Nothing is written. */
export function openLmdb(path: string, name: string | undefined): ForeignDatabase {
  if (!existsSync(path)) throw new DataError(`${path} holds no database`)
  const lmdb = loadPeer('lmdb', 'lmdb') as LmdbModule
  const root = lmdb.open({ path, readOnly: true, ...asBytes })
  const db = name === undefined ? root : openNamed(root, name, path)
  const named = new Set<string>()
  return {
    path: realpathSync(path) + (name === undefined ? '' : `#${name}`),
    recordCount: db.getStats().entryCount,
    leftOut: named,
    close: () => root.close(),
    async *entries(after) {
      const range = after === undefined ? {} : { start: after, exclusiveStart: true }
      let list: ForeignEntry[] = []
      let listBytes = 0
      for (const { key, value } of db.getRange(range)) {
        const inner = db === root ? nameIn(key, value) : undefined
        if (inner !== undefined) {
          named.add(inner)
          continue
        }
        list.push([key, value])
        listBytes += key.length + value.length
        if (list.length < maxListCount && listBytes < maxListBytes) continue
        yield await Promise.resolve(list)
        list = []
        listBytes = 0
      }
      if (list.length > 0) yield list
    },
  }
}

/** The name of the database that a record of the main one names, if it looks like one. */
function nameIn(key: Uint8Array, value: Uint8Array): string | undefined {
  if (value.length !== namedRecordBytes || key.at(-1) !== 0) return undefined
  const record = asBuffer(value)
  const isPageCount = (offset: number): boolean => {
    const high = record.readUInt16LE(offset + 6)
    // An empty database has no root: all bits are set.
    return high === 0 || (offset === 40 && high === 0xffff)
  }
  const isRecord = record.readUInt32LE(0) === 0 && record.readUInt16LE(6) < 64
  if (!isRecord || ![8, 16, 24, 32, 40].every(isPageCount)) return undefined
  return asBuffer(key.subarray(0, -1)).toString('utf8')
}

function openNamed(root: LmdbDatabase, name: string, path: string): LmdbDatabase {
  try {
    const db = root.openDB({ name, ...asBytes })
    if (db !== undefined) return db
  } catch (error) {
    throw new DataError(`${path} has no database '${name}': ${(error as Error).message}`)
  }
  throw new DataError(`${path} has no database '${name}'`)
}
