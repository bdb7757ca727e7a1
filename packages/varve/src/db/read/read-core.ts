import type { Clock } from '../../base/clock.js'
import type { Encoding } from '../../batch/encoding.js'
import type { Tree } from '../../tree/tree.js'
import type { ColdReads } from './cold-reads.js'
import type { EventLoopTurns } from '../events/event-loop-turns.js'

/** A walk over a range, as the database sees it when it closes. */
export interface OpenWalk {
  /** Ends the walk under its user, who gets CLOSED from then on. */
  cut(): void
}

/**
 * What all readers of one keyspace share; a reader with encodings of its own has a copy that differs
 * in these two.
 */
export interface ReadCore {
  /** Replaced when a read-only database catches up with its owner. */
  tree: Tree
  readonly keyEncoding: Encoding<unknown>
  readonly valueEncoding: Encoding<unknown>
  readonly clock: Clock
  readonly turns: EventLoopTurns
  readonly coldReads: ColdReads
  /** Iterators in progress. */
  readonly walks: Set<OpenWalk>
  /** Reads that wait for blocks. */
  readonly loads: Set<Promise<unknown>>
  /** Keys looked up, walks begun, and entries that ended walks gave. */
  readonly counts: { gets: number; scans: number; scannedEntries: number }
  /** Throws CLOSED once the database is closed. */
  assertOpen(): void
}

/**
 * The same with some fields of its own. The others are looked up in `base` each time, so that what is
 * replaced there is replaced here as well.
 */
export function derived<T extends object>(base: T, own: Partial<T>): T {
  return Object.assign(Object.create(base) as T, own)
}
