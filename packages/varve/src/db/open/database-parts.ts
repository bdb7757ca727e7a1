import type { BlockCache } from '../../cache/block-cache.js'
import type { Scheduler } from '../../compaction/schedule/scheduler.js'
import type { DirectoryLock } from '../../fs/lock/directory-lock.js'
import type { TableStore } from '../../store/table-store.js'
import type { TableCache } from '../../sstable/table-cache.js'
import type { TableCounters } from '../../sstable/table-reader.js'
import type { ArenaPool } from '../../tree/arena-pool.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { VersionSet } from '../../version/version-set.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { EditsAfterLogs } from '../background/edits-after-logs.js'
import type { DatabaseJobs } from '../background/database-jobs.js'
import type { ObsoleteFiles } from '../background/obsolete-files.js'
import type { FileRemovals } from '../background/file-removals.js'
import type { TreePolicies } from '../background/tree-policies.js'
import type { WorkCounters } from '../background/work-counters.js'
import type { DatabaseEventEmitter } from '../events/events.js'
import type { ResolvedOptions } from '../options/open-options.js'
import type { KeyspaceCatalog } from '../keyspaces/keyspace-catalog.js'
import type { OpenKeyspaces } from '../read/open-keyspaces.js'
import type { ColdReads } from '../read/cold-reads.js'
import type { StoreCore } from '../read/read-core.js'
import type { SnapshotList } from '../read/snapshot-list.js'
import type { CommitPipeline } from '../write/commit-pipeline.js'
import type { WriteStalls } from '../write/write-stalls.js'

/** The state of a directory when it was read. */
export interface DirectoryState {
  readonly versions: VersionSet
  readonly trees: TreeRegistry
  /** The snapshots of this state. */
  readonly snapshots: SnapshotList
  /** Highest sequence in the tables and logs. */
  readonly lastSequence: number
  /** Shared by the trees. */
  readonly arenas: ArenaPool
}

/** The state that readers read. A follower replaces it when it catches up with the owner. */
export interface CurrentState {
  state: DirectoryState
}

/** The parts that all states of an open directory share. */
export interface SharedParts {
  readonly store: TableStore
  readonly tables: TableCache
  readonly cache: BlockCache
  readonly tableCounters: TableCounters
  readonly coldReads: ColdReads
  readonly work: WorkCounters
  readonly events: DatabaseEventEmitter
  readonly keyspaces: OpenKeyspaces
}

/** The parts of an open Database. Views with other encodings share all but `options` and `core`. */
export interface DatabaseParts extends SharedParts {
  /** The directory, with symbolic links resolved. */
  readonly path: string
  readonly options: ResolvedOptions
  readonly current: CurrentState
  readonly core: StoreCore
  /** Undefined in a read-only database, which has a follower instead. */
  readonly writer: WriterParts | undefined
  readonly follower: Following | undefined
  /** Creates and drops keyspaces. Undefined in a read-only database. */
  readonly catalog: KeyspaceCatalog | undefined
}

/** How a read-only database keeps up with the owner of its directory; see Follower. */
export interface Following {
  /** Replaces the current state. */
  refresh(): void
  close(): void
}

/** The writing half, which changes files. */
export interface WriterParts {
  readonly lock: DirectoryLock
  readonly log: WriteAheadLog
  readonly pipeline: CommitPipeline
  readonly scheduler: Scheduler
  readonly stalls: WriteStalls
  readonly policies: TreePolicies
  readonly jobs: DatabaseJobs
  readonly edits: EditsAfterLogs
  readonly removals: FileRemovals
  readonly obsolete: ObsoleteFiles
}
