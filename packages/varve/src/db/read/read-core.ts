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

/** An iterator in progress, as the database sees it when it closes. */
export interface OpenWalk {
  /** Ends the iterator; its user gets CLOSED from then on. */
  cut(): void
}

/** What readers need of a Tree. A transaction puts its own writes over it. */
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

/** What all readers of one keyspace share. A view with other encodings has a copy of its own. */
export interface ReadCore {
  /** The id of the keyspace. */
  readonly keyspace: number
  readonly current: CurrentTree
  readonly keyEncoding: Encoding<unknown>
  readonly valueEncoding: Encoding<unknown>
  readonly clock: Clock
  readonly turns: EventLoopTurns
  readonly coldReads: ColdReads
  /** Iterators in progress. */
  readonly walks: Set<OpenWalk>
  /** Reads that wait for blocks. */
  readonly loads: Set<Promise<unknown>>
  readonly counts: ReadCounts
  /** Throws CLOSED once the database is closed. */
  assertOpen(): void
}

/** The core of a database or keyspace, which reads its tree without anything over it. */
export interface StoreCore extends ReadCore {
  readonly current: CurrentTree<Tree>
}
