import { type Clock, systemClock } from '../../base/clock.js'
import { pathOf } from '../../db/options/arguments.js'
import type { FileSystem } from '../../fs/file-system.js'
import type { LockOwner } from '../../fs/lock/lock-owner.js'
import { nodeLockOwner } from '../../fs/lock/node-process-identity.js'
import { nodeFileSystem } from '../../fs/node-file-system.js'
import { type BlockCodec, CodecRegistry } from '../../sstable/block/codec.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import { requireOwnDirectory } from '../../version/database-directory.js'
import type { TableStore } from '../../store/table-store.js'

/** What all tools take: where the files live, and how to read them. */
export interface ToolOptions {
  /** Where the files are. Default: the disk. */
  readonly fileSystem?: FileSystem
  /** Codecs of your own with which blocks were packed. Default: none. */
  readonly codecs?: readonly BlockCodec[]
  /** Source of time and turns, for tests. Default: the system's. */
  readonly clock?: Clock
}

/** A directory, and what it takes to read it. */
export interface Site {
  readonly fs: FileSystem
  readonly codecs: CodecRegistry
  readonly clock: Clock
  /** The identity that LOCK and leases name. */
  readonly lockOwner: LockOwner
  /** With symbolic links resolved. */
  readonly directory: string
  /** The tables in it. */
  readonly store: TableStore
}

/**
 * @throws IO when there is no such directory, INVALID_ARGUMENT for a file, UNSUPPORTED_FORMAT for a
 * database of another engine
 */
export function siteOf(givenPath: string | URL, options: ToolOptions): Site {
  const fs = options.fileSystem ?? nodeFileSystem
  const directory = fs.realPath(pathOf(givenPath, 'the directory'))
  requireOwnDirectory(fs, directory)
  return {
    fs,
    codecs: new CodecRegistry(options.codecs ?? []),
    clock: options.clock ?? systemClock,
    lockOwner: nodeLockOwner,
    directory,
    store: new LocalTableStore(fs, directory),
  }
}

/** Bytes that a tool reads before it lets others run. */
const bytesPerTurn = 4 * 1024 * 1024

/** Runs work that yields after each piece, the bytes of it, and gives the event loop its turns. */
export async function inTurns<T>(clock: Clock, work: Generator<number, T>): Promise<T> {
  let untilTurn = bytesPerTurn
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    untilTurn -= value
    if (untilTurn > 0) continue
    untilTurn = bytesPerTurn
    await new Promise<void>((resolve) => clock.nextTurn(resolve))
  }
}
