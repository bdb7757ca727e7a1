import { join } from 'node:path'
import { VarveError } from '../base/errors.js'
import type { FileSystem } from '../fs/file-system.js'
import { currentName, manifestName } from '../store/file-names.js'
import { isOwnManifest, readCurrent } from './manifest.js'

export type ForeignEngine = 'LevelDB' | 'RocksDB' | 'LMDB'

/** Files that only LevelDB and RocksDB write: their log of events, and tables of LevelDB. */
const levelDbNames = /^(LOG(\.old.*)?|\d{6,}\.ldb)$/
/** Files that only RocksDB writes. */
const rocksDbNames = /^(IDENTITY|OPTIONS-\d{6,})$/

/** Where the first edit of a LevelDB MANIFEST, which names its comparator, ends at the latest. */
const manifestProbeBytes = 256

const lmdbName = 'data.mdb'
/** An LMDB file: the header of its first page, then this magic number (`mdb.c`, MDB_MAGIC). */
const lmdbMagic = 0xbeefc0de
const lmdbMagicOffset = 16

/**
 * The engine whose database `directory`, with the files `names`, holds; undefined: Varve's, or
 * none.
 */
export function foreignEngineIn(
  fs: FileSystem,
  directory: string,
  names: readonly string[],
): ForeignEngine | undefined {
  if (names.includes(currentName)) {
    return hasForeignManifest(fs, directory, names) ? levelDbOrRocksDb(names) : undefined
  }
  if (names.some((name) => /^\d{6,}\.ldb$/.test(name))) return 'LevelDB'
  const hasLmdb = names.includes(lmdbName) && isLmdbFile(fs, join(directory, lmdbName))
  return hasLmdb ? 'LMDB' : undefined
}

/** Whether a file is an LMDB database without a directory of its own. */
export function isLmdbFile(fs: FileSystem, path: string): boolean {
  const start = firstBytes(fs, path, lmdbMagicOffset + 4)
  return start.length === lmdbMagicOffset + 4 && start.readUInt32LE(lmdbMagicOffset) === lmdbMagic
}

/** What to do with the database of another engine. */
export function adviceFor(engine: ForeignEngine, path: string): string {
  if (engine === 'RocksDB') {
    return 'export its entries as JSON lines, and import these with `varve import` of @varve/cli'
  }
  const from = engine.toLowerCase()
  return `copy it with \`varve import --from ${from} ${path}\` of @varve/cli, and open the copy`
}

function levelDbOrRocksDb(names: readonly string[]): ForeignEngine {
  return names.some((name) => rocksDbNames.test(name)) ? 'RocksDB' : 'LevelDB'
}

/** A MANIFEST that is not Varve's may as well be damaged, so there must be another sign. */
function hasForeignManifest(fs: FileSystem, directory: string, names: readonly string[]): boolean {
  try {
    if (isOwnManifest(fs, directory)) return false
    if (names.some((name) => levelDbNames.test(name) || rocksDbNames.test(name))) return true
    const path = join(directory, manifestName(readCurrent(fs, directory)))
    return firstBytes(fs, path, manifestProbeBytes).includes('leveldb.')
  } catch (error) {
    // What reading the database reports says more.
    if (error instanceof VarveError) return false
    throw error
  }
}

/** Empty when the file cannot be read. */
function firstBytes(fs: FileSystem, path: string, count: number): Buffer {
  try {
    const file = fs.openForRead(path)
    try {
      const bytes = Buffer.alloc(count)
      return bytes.subarray(0, file.read(bytes, 0, count, 0))
    } finally {
      file.close()
    }
  } catch (error) {
    if (error instanceof VarveError) return Buffer.alloc(0)
    throw error
  }
}
