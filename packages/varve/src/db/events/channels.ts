import { channel } from 'node:diagnostics_channel'
import type {
  CompactionEvent,
  FlushEvent,
  PolicyChange,
  StallEvent,
  WatchedDatabase,
} from '../api.js'
import type { VarveError } from '../../base/errors.js'

/** Which database a message is about. */
export interface AboutDatabase {
  /** Its directory, with symbolic links resolved. */
  database: string
}

/** A database has been opened, or is about to be closed. */
export interface LifeMessage extends AboutDatabase {
  /** The same object in both messages, however many views there are. */
  db: WatchedDatabase
}

/** A group of writes has become visible. */
export interface CommitMessage extends AboutDatabase {
  /** Puts, deletes and range deletes of the group. */
  operations: number
  /** Bytes of their keys and values. */
  sizeBytes: number
  /** Whether the log was synced for it. */
  synced: boolean
  /** Log, sync and memtable. What it waited for before, a stall or the group ahead, is not in it. */
  durationMs: number
}

/** A failure, or a `warning`. */
export interface ErrorMessage extends AboutDatabase {
  error: VarveError
}

/**
 * What the channels of `node:diagnostics_channel` carry, by their names. They are for tools that watch
 * every database of the process (of the thread, to be exact) without being handed one; `db.on` tells the
 * same of one database.
 *
 * Subscribers never run in the middle of a commit, and may use the database. Where nobody subscribes
 * nothing is measured or made.
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
  /** Before `open` resolves. */
  'varve:open': LifeMessage
  /** `close` was called, and writes have settled: the last moment for `db.stats()`. */
  'varve:close': LifeMessage
  'varve:commit': CommitMessage
  'varve:flush': AboutDatabase & FlushEvent
  'varve:compaction': AboutDatabase & CompactionEvent
  'varve:policy': AboutDatabase & PolicyChange
  'varve:stall': AboutDatabase & StallEvent
  'varve:error': ErrorMessage
  'varve:warning': ErrorMessage
}

/** By their names without `varve:`. Held here, as Node holds channels only as long as somebody does. */
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
  /** Ask first, so that no message is made for nobody. */
  readonly hasSubscribers: boolean
  publish(message: Message): void
}

function typed<N extends keyof ChannelMessages>(name: N): TypedChannel<ChannelMessages[N]> {
  return channel(name)
}
