import { channel } from 'node:diagnostics_channel'
import type {
  CompactionEvent,
  FlushEvent,
  PolicyChange,
  StallEvent,
  WatchedDatabase,
} from '../api.js'
import type { VarveError } from '../../base/errors.js'

/** The database of a message. */
export interface AboutDatabase {
  /** Its directory, with symbolic links resolved. */
  database: string
}

/** A database was opened, or is about to close. */
export interface LifeMessage extends AboutDatabase {
  /** The same object in both messages; the database that `open` returned, not a view. */
  db: WatchedDatabase
}

/** A commit group became visible. */
export interface CommitMessage extends AboutDatabase {
  /** Puts, deletes and range deletes of the group. */
  operations: number
  /** Bytes of their keys and values. */
  sizeBytes: number
  /** Whether the log was synced for the group. */
  synced: boolean
  /** Time for log, sync and memtable; excludes stalls and the wait for the previous group. */
  durationMs: number
}

/** A failure, or a `warning`. */
export interface ErrorMessage extends AboutDatabase {
  error: VarveError
}

/**
 * Messages on the channels of `node:diagnostics_channel`, by channel name. They let a tool watch
 * every database of the thread without having a reference to it. `db.on` reports the same events
 * for one database.
 *
 * Subscribers never run in the middle of a commit, so they may use the database. Without
 * subscribers, nothing is measured and no message is created.
 *
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel'
 * import type { ChannelMessages } from 'varve'
 *
 * subscribe('varve:flush', (message) => {
 *   const { database, sizeBytes, durationMs } = message as ChannelMessages['varve:flush']
 *   console.log(`${database}: ${sizeBytes} bytes in ${durationMs} ms`)
 * })
 * ```
 */
export interface ChannelMessages {
  /** Published before `open` resolves. */
  'varve:open': LifeMessage
  /**
   * Published after `close` was called and all writes have settled: the last chance for
   * `db.stats()`.
   */
  'varve:close': LifeMessage
  'varve:commit': CommitMessage
  'varve:flush': AboutDatabase & FlushEvent
  'varve:compaction': AboutDatabase & CompactionEvent
  'varve:policy': AboutDatabase & PolicyChange
  'varve:stall': AboutDatabase & StallEvent
  'varve:error': ErrorMessage
  'varve:warning': ErrorMessage
}

/**
 * The channels by name, without `varve:`. They are kept here because Node drops channels that have
 * no reference.
 */
export const channels = {
  open: typed('varve:open'),
  close: typed('varve:close'),
  commit: typed('varve:commit'),
  flush: typed('varve:flush'),
  compaction: typed('varve:compaction'),
  policy: typed('varve:policy'),
  stall: typed('varve:stall'),
  error: typed('varve:error'),
  warning: typed('varve:warning'),
}

interface TypedChannel<Message> {
  /** Check this first: without subscribers, no message needs to be created. */
  readonly hasSubscribers: boolean
  publish(message: Message): void
}

function typed<N extends keyof ChannelMessages>(name: N): TypedChannel<ChannelMessages[N]> {
  return channel(name)
}
