import type { Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import type { Signal } from '../../base/signal.js'
import { BlockCache } from '../../cache/block-cache.js'
import { ReadQueue } from '../../sstable/read-queue.js'
import { TableCache } from '../../sstable/table-cache.js'
import { newTableCounters } from '../../sstable/table-reader.js'
import { ArenaPool } from '../../tree/arena-pool.js'
import { Tree, type TreeHost } from '../../tree/tree.js'
import { TreeRegistry } from '../../tree/tree-registry.js'
import { highestTable } from '../../store/file-names.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import type { KeyspaceRecord } from '../../version/keyspace-record.js'
import { databaseExists } from '../../version/manifest.js'
import { defaultKeyspace } from '../../version/version-edit.js'
import { VersionSet, type VersionSetOptions } from '../../version/version-set.js'
import { logsFrom } from '../../wal/log-files.js'
import type { ReplayedLog, ReplayResult } from '../../wal/replay.js'
import { WorkCounters } from '../background/work-counters.js'
import { EventLoopTurns } from '../events/event-loop-turns.js'
import { DatabaseEventEmitter } from '../events/events.js'
import { treeOptionsOf } from '../options/keyspace-options.js'
import type { ResolvedOptions } from '../options/open-options.js'
import { OpenKeyspaces } from '../read/open-keyspaces.js'
import { ColdReads } from '../read/cold-reads.js'
import type { StoreCore } from '../read/read-core.js'
import { SnapshotList } from '../read/snapshot-list.js'
import type { DirectoryState, SharedParts } from './database-parts.js'
import { applierTo, replayInto } from './recovery.js'
import type { Undo } from './undo.js'

/** The state of a directory when it was read, and the contents of its logs. */
export interface ReadDirectory {
  readonly state: DirectoryState
  readonly logs: readonly ReplayedLog[]
  /** Creates the tree of a keyspace without adding it to `state`. */
  readonly newTree: (record: KeyspaceRecord) => Tree
  readonly replayed: ReplayResult
}

/** Emits a table and the number of reads that found nothing in it. */
export type FruitlessReads = Signal<[fileNumber: number, reads: number]>

/** The callbacks of the owner of a directory; readers have none. */
interface DirectoryOwner extends VersionSetOptions {
  readonly onSnapshotRelease?: (sequence: number) => void
  /** Called when a compaction may have become due without a write. */
  readonly onCompactionDue?: () => void
}

/** The parts that stay when a read-only database reads its directory again. */
export function newSharedParts(
  path: string,
  options: ResolvedOptions,
  undo: Undo,
  fruitlessReads?: FruitlessReads,
): SharedParts {
  const cache = new BlockCache(options.cacheBytes)
  const tableCounters = newTableCounters()
  const onFruitlessReads = (fileNumber: number, reads: number): void =>
    fruitlessReads?.emit(fileNumber, reads)
  const coldReads = new ColdReads(options.coldReads, options.clock)
  const context = {
    cache,
    codecs: options.codecs,
    counters: tableCounters,
    reads: new ReadQueue(coldReads),
    onFruitlessReads,
  }
  const local = new LocalTableStore(options.fs, path)
  const store = options.newTableStore?.(local) ?? local
  const { maxOpenTables: maxTables, openTableBytes: maxBytes } = options
  const tables = new TableCache(store, context, { maxTables, maxBytes })
  undo.add(() => tables.close())
  const events = new DatabaseEventEmitter(path)
  const keyspaces = new OpenKeyspaces()
  const work = new WorkCounters()
  return { cache, tableCounters, coldReads, store, tables, work, events, keyspaces }
}

/** Reads the MANIFEST, and the logs into memtables. Changes no file of an existing database. */
export function readDirectory(
  path: string,
  options: ResolvedOptions,
  { tables, work }: SharedParts,
  undo: Undo,
  owner: DirectoryOwner,
): ReadDirectory {
  const { fs, clock } = options
  const versions = openVersions(path, options, owner)
  undo.add(() => versions.close())
  if (options.tree.paranoid) verifyTables(versions, tables)

  const snapshots = new SnapshotList((sequence) => owner.onSnapshotRelease?.(sequence))
  const host: TreeHost = {
    tables,
    arenas: new ArenaPool(options.tree.memtableBytes),
    currentVersion: (keyspace) => versions.current(keyspace),
    filterSecret: versions.filterSecret,
    snapshotSequences: () => snapshots.sequences(),
    wallMs: () => clock.wallMs(),
    compactionMayBeDue: () => owner.onCompactionDue?.(),
  }
  const newTree = (record: KeyspaceRecord): Tree =>
    new Tree(record.id, treeOptionsOf(record, options), host)
  const trees = new TreeRegistry()
  undo.add(() => trees.close())
  trees.add(new Tree(defaultKeyspace, options.tree, host))
  for (const record of versions.keyspaces()) trees.add(newTree(record))

  const logs = logsFrom(fs, path, versions.logNumber)
  const replayed = replayInto(
    fs,
    logs,
    applierTo(trees, versions.nextKeyspace),
    versions.logNumber,
    highestTable(fs.list(path)),
  )
  work.recordReplay(replayed)
  const lastSequence = Math.max(versions.lastSequence, replayed.lastSequence)
  return {
    state: { versions, trees, snapshots, lastSequence, arenas: host.arenas },
    logs,
    newTree,
    replayed,
  }
}

export function newReadCore(
  state: DirectoryState,
  options: ResolvedOptions,
  coldReads: ColdReads,
  assertOpen: () => void,
): StoreCore {
  const { keyEncoding, valueEncoding, clock } = options
  return {
    keyspace: defaultKeyspace,
    keyspaceName: undefined,
    current: { tree: state.trees.main, trees: state.trees },
    keyEncoding,
    valueEncoding,
    clock,
    turns: new EventLoopTurns(clock),
    coldReads,
    walks: new Set(),
    loads: new Set(),
    counts: { gets: 0, scans: 0, scannedEntries: 0 },
    assertOpen,
  }
}

function openVersions(
  path: string,
  options: ResolvedOptions,
  owner: VersionSetOptions,
): VersionSet {
  const { fs, clock, readOnly, createIfMissing, errorIfExists, maxManifestBytes } = options
  const writing = { ...owner, maxManifestBytes, filterSecret: drawFilterSecret(clock) }
  if (!databaseExists(fs, path)) {
    if (!createIfMissing || readOnly) throw noDatabaseError(path, readOnly)
    return VersionSet.create(fs, path, writing)
  }
  if (errorIfExists) {
    const message = `${path} already holds a database, and errorIfExists is true`
    throw new VarveError('INVALID_ARGUMENT', message, { path, option: 'errorIfExists' })
  }
  return VersionSet.recover(fs, path, readOnly ? { readOnly } : writing)
}

/** 52 random bits; all 0, as tests may draw, mean no secret. */
function drawFilterSecret(clock: Clock): number {
  return parseInt(clock.uniqueToken().slice(0, 13), 16)
}

function verifyTables(versions: VersionSet, tables: TableCache): void {
  for (const { levels } of versions.allCurrent()) {
    for (const table of levels.flat()) tables.get(table).verify()
  }
}

export function noDatabaseError(path: string, readOnly: boolean): VarveError {
  const advice = readOnly
    ? 'check the path: readOnly: true creates none'
    : 'open it with createIfMissing: true to create one'
  return new VarveError('INVALID_ARGUMENT', `${path} holds no database; ${advice}`, {
    path,
    option: readOnly ? 'readOnly' : 'createIfMissing',
  })
}
