import { closedError, VarveError } from '../../base/errors.js'
import type { WatchedDatabase } from '../api.js'
import { channels } from '../events/channels.js'
import type { DatabaseParts } from './database-parts.js'

/** Shared by all views of one open database. */
export interface DatabaseState {
  isClosed: boolean
  closing: Promise<void> | undefined
  /** The database that `open` returned, not a view. */
  watched: WatchedDatabase | undefined
}

/** See `Database.close`. Called once. */
export async function closeDatabase(parts: DatabaseParts, state: DatabaseState): Promise<void> {
  const { writer, core } = parts
  const failures: unknown[] = []
  if (writer !== undefined) {
    writer.pipeline.refuse(closedError('the database'))
    await writer.pipeline.drain()
  }
  if (channels.close.hasSubscribers) {
    channels.close.publish({ database: parts.path, db: state.watched! })
  }
  state.isClosed = true
  for (const walk of [...core.walks]) walk.abort()
  await Promise.allSettled(core.loads)
  if (writer !== undefined) {
    writer.policies.stop()
    writer.stalls.wake()
    await writer.scheduler.close()
    await writer.pipeline.syncLog().catch((error: unknown) => failures.push(error))
  }
  try {
    parts.current.state.trees.close()
    parts.tables.close()
    await writer?.log.close()
    parts.current.state.versions.close()
    await writer?.removals.ended()
  } finally {
    writer?.lock.release()
    parts.follower?.close()
    parts.events.removeAll()
  }
  if (failures.length > 0) throw closeError(parts.path, failures[0])
}

function closeError(path: string, cause: unknown): VarveError {
  return new VarveError(
    'IO',
    `${path} is closed, but its latest writes may not survive power loss: ` +
      'the log could not be synced',
    { path, cause },
  )
}
