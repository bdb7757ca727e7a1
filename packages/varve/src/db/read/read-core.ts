import type { Clock } from '../../base/clock.js'
import type { Encoding } from '../../batch/encoding.js'
import type { PointLookup } from '../../entry/point-lookup.js'
import type { EntryWalk } from '../../iterator/entry-walk.js'
import type { ReadState } from '../../tree/read-state.js'
import type { Tree } from '../../tree/tree.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { WalkOptions } from '../../tree/tree-walks.js'
import type { EventLoopTurns } from '../events/event-loop-turns.js'
import type { ColdReads } from './cold-reads.js'

/** An iterator in progress, which the database ends when it closes. */
export interface OpenWalk {
  /** Ends the iterator; from then on it throws CLOSED. */
  abort(): void
}

/** The part of a Tree that readers need. A transaction overlays it with its own writes. */
export interface ReadableTree {
  readonly state: ReadState
  get(lookup: PointLookup, state?: ReadState): void
  walk(options: WalkOptions): EntryWalk
}

/**
 * The tree that readers read, and all trees of the same state. A follower replaces both when it
 * catches up with the owner.
 */
export interface CurrentTree<T extends ReadableTree = ReadableTree> {
  tree: T
  trees: TreeRegistry
}

/** Keys looked up, iterators started, and entries that finished iterators returned. */
export interface ReadCounts {
  gets: number
  scans: number
  scannedEntries: number
}

export const noReads: Readonly<ReadCounts> = { gets: 0, scans: 0, scannedEntries: 0 }

/** The parts that all readers of a keyspace share. A view with other encodings has its own copy. */
export interface ReadCore {
  /** The id of the keyspace. */
  readonly keyspace: number
  /** Undefined for the default keyspace. */
  readonly keyspaceName: string | undefined
  readonly current: CurrentTree
  readonly keyEncoding: Encoding<unknown>
  readonly valueEncoding: Encoding<unknown>
  readonly clock: Clock
  readonly turns: EventLoopTurns
  readonly coldReads: ColdReads
  /** Iterators in progress. */
  readonly walks: Set<OpenWalk>
  /** Reads that are waiting for blocks. */
  readonly loads: Set<Promise<unknown>>
  readonly counts: ReadCounts
  /** Throws CLOSED once the database is closed. */
  assertOpen(): void
}

/** The core of a database or keyspace. It reads the tree itself, without an overlay. */
export interface StoreCore extends ReadCore {
  readonly current: CurrentTree<Tree>
}
