/**
 * The storage engine: `open` a database and work with it.
 *
 * @module varve
 */
import type { Decoded, EncodingOption } from './batch/encoding.js'
import type { OpenOptions } from './db/api.js'
import { checkCodecModules } from './db/options/codec-modules.js'
import { Database } from './db/database.js'
import { destroyDatabase } from './db/open/destroy.js'
import { pathOf, requireKnown, requireObject } from './db/options/arguments.js'
import { resolveOptions } from './db/options/open-options.js'
import type { FileSystem } from './fs/file-system.js'
import { afterCloses } from './fs/lock/closes-under-way.js'
import { nodeFileSystem } from './fs/node-file-system.js'

export { VarveError, type ErrorCode, type ErrorDetails } from './base/errors.js'
export type { ByteSink } from './base/bytes/byte-sink.js'
export type { CancelTimer, Clock } from './base/clock.js'
export {
  json,
  type Codec,
  type Decoded,
  type Encoding,
  type EncodingName,
  type EncodingOption,
} from './batch/encoding.js'
export type { CheckpointReport } from './backup/checkpoint.js'
export type { BackupReport } from './backup/make-backup.js'
export type * from './db/api.js'
export type * from './db/keyspace-types.js'
export type * from './db/typed-operations.js'
export type { Keyspace } from './db/keyspace.js'
export type {
  AboutDatabase,
  ChannelMessages,
  CommitMessage,
  ErrorMessage,
  LifeMessage,
} from './db/events/channels.js'
export type { Cursor } from './db/read/cursor.js'
export type { Database, ViewOf } from './db/database.js'
export type { KeyValueReader, KeyValueStore } from './db/key-value-store.js'
export type { EntryRange } from './db/read/entry-range.js'
export type { Snapshot } from './db/read/snapshot.js'
export type { AtomicOperation } from './db/transaction/atomic-operation.js'
export type { IndexedWriteBatch } from './db/transaction/indexed-write-batch.js'
export type { TransactionOptions } from './db/transaction/run-transaction.js'
export type { Savepoint } from './db/transaction/savepoint.js'
export type { Transaction, TransactionStore } from './db/transaction/transaction.js'
export type { BlockCodec } from './sstable/block/codec.js'
export type { FilterAllocation } from './compaction/jobs/filter-allocation.js'
export type {
  AdaptiveCompactionOptions,
  AdaptiveThresholds,
  CompactionOptions,
  CompactionPolicy,
  FifoThresholds,
  FixedCompactionOptions,
  RunPolicy,
  RunThresholds,
  StallThresholds,
} from './compaction/pickers/compaction-options.js'
export type { CompactionKind } from './compaction/pickers/compaction-spec.js'
export type { FileSystem, ReadableFile, WritableFile } from './fs/file-system.js'

/**
 * Opens the database in the directory `path`. Creates it if there is none.
 *
 * A database has one owner at a time: a second `open` fails with `LOCKED` until the first one
 * closes. If this thread is already closing it, `open` waits for that. Writes that an earlier owner
 * left in its log are recovered first, even after a crash.
 *
 * ```ts
 * await using db = await open('./data', { valueEncoding: 'json' })
 * await db.put('city:is:reykjavik', { population: 118918 })
 * for (const [key, value] of db.entries({ prefix: 'city:is:' })) console.log(key, value)
 * ```
 *
 * @throws INVALID_ARGUMENT, LOCKED, CORRUPTION, UNSUPPORTED_FORMAT, IO
 */
export async function open<
  const KE extends EncodingOption = 'utf8',
  const VE extends EncodingOption = 'utf8',
>(
  path: string | URL,
  options: OpenOptions<KE, VE> = {},
): Promise<Database<Decoded<KE>, Decoded<VE>>> {
  const resolved = resolveOptions(options)
  await checkCodecModules(options.codecs ?? [])
  return afterCloses(resolved.fs, () => Database.open(path, resolved))
}

/**
 * Deletes the database in the directory `path`. Deletes only its files: the directory itself stays.
 * Does nothing if there is no database. If this thread is closing it, `destroy` waits for that.
 *
 * @throws LOCKED while it is open, INVALID_ARGUMENT if the files are not Varve's, IO
 */
export async function destroy(path: string | URL, options: DestroyOptions = {}): Promise<void> {
  requireObject(options, 'the options of destroy')
  requireKnown(options, { fileSystem: true }, 'option of destroy')
  const { fileSystem = nodeFileSystem } = options
  const directory = pathOf(path, 'the path of a database')
  return afterCloses(fileSystem, () => destroyDatabase(directory, fileSystem))
}

/** Options of `destroy`. */
export interface DestroyOptions {
  /** The file system that holds the files. Default: the disk. */
  fileSystem?: FileSystem
}
