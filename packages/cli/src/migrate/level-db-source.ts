import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { DataError } from '../exit-code.js'
import {
  type ForeignDatabase,
  type ForeignEntry,
  maxListBytes,
  maxListCount,
} from './foreign-database.js'
import { loadPeer } from './peer-package.js'

/** The part of classic-level that is used. */
interface ClassicLevelModule {
  ClassicLevel: new (location: string, options: object) => ClassicLevel
}

interface ClassicLevel {
  open(options: object): Promise<void>
  close(): Promise<void>
  iterator(options: object): {
    nextv(count: number): Promise<ForeignEntry[]>
    close(): Promise<void>
  }
}

/** A database of LevelDB. It has no way to be opened without a lock; its entries stay untouched. */
export async function openLevelDb(path: string): Promise<ForeignDatabase> {
  if (!existsSync(join(path, 'CURRENT'))) throw new DataError(`${path} holds no database`)
  const { ClassicLevel } = loadPeer('classic-level', 'leveldb') as ClassicLevelModule
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' }
  const db = new ClassicLevel(path, encodings)
  try {
    await db.open({ createIfMissing: false })
  } catch (error) {
    const cause = (error as Error).cause as Error | undefined
    throw new DataError(`LevelDB does not open ${path}: ${cause?.message ?? String(error)}`)
  }
  return {
    path: realpathSync(path),
    recordCount: undefined,
    close: () => db.close(),
    async *entries(after) {
      const range = after === undefined ? {} : { gt: after }
      const iterator = db.iterator({ ...range, highWaterMarkBytes: maxListBytes, fillCache: false })
      try {
        for (;;) {
          const list = await iterator.nextv(maxListCount)
          if (list.length === 0) return
          yield list
        }
      } finally {
        await iterator.close()
      }
    },
  }
}
