import type { BlockCache } from '../../cache/block-cache.js'
import type { Scheduler } from '../../compaction/schedule/scheduler.js'
import type { DirectoryLock } from '../../fs/lock/directory-lock.js'
import type { TableCache } from '../../sstable/table-cache.js'
import type { TableCounters } from '../../sstable/table-reader.js'
import type { Tree } from '../../tree/tree.js'
import type { VersionSet } from '../../version/version-set.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { BackgroundHost } from '../background/background-host.js'
import type { CommitPipeline } from '../write/commit-pipeline.js'
import type { DatabaseEventEmitter } from '../events/events.js'
import type { ResolvedOptions } from '../options/open-options.js'
import type { SnapshotList } from '../read/snapshot-list.js'
import type { WorkCounters } from '../background/work-counters.js'
import type { WriteStalls } from '../write/write-stalls.js'
import type { PolicyControl } from '../background/policy-control.js'
import type { ReadCore } from '../read/read-core.js'

/** What `openDatabase` puts together and a Database works with. */
export interface DatabaseParts {
  /** The directory, with symbolic links resolved. */
  readonly path: string
  readonly options: ResolvedOptions
  readonly versions: VersionSet
  readonly tree: Tree
  readonly tables: TableCache
  readonly cache: BlockCache
  readonly tableCounters: TableCounters
  readonly work: WorkCounters
  readonly snapshots: SnapshotList
  readonly events: DatabaseEventEmitter
  readonly core: ReadCore
  /** Undefined in a database that was opened to be read only; then there is a follower. */
  readonly writer: WriterParts | undefined
  readonly follower: Following | undefined
  /** Highest sequence found when the directory was read. */
  readonly lastSequence: number
}

/** How a read-only database keeps up with the owner of its directory: see Follower. */
export interface Following {
  /** Replaces what the parts know of the directory. */
  refresh(): void
  close(): void
}

/** The half that changes files. */
export interface WriterParts {
  readonly lock: DirectoryLock
  readonly log: WriteAheadLog
  readonly pipeline: CommitPipeline
  readonly scheduler: Scheduler
  readonly stalls: WriteStalls
  readonly policy: PolicyControl
  readonly host: BackgroundHost
}
