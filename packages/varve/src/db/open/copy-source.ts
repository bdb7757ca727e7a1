import { VarveError } from '../../base/errors.js'
import { type CopySource, filesOf } from '../../backup/copy-source.js'
import { logsFrom } from '../../wal/log-files.js'
import type { DatabaseParts, WriterParts } from './database-parts.js'

/**
 * Calls `use` to copy the state of the database between two commits. It includes everything
 * submitted before the call. Writes, flushes and compactions continue meanwhile; the files of that
 * state are kept.
 */
export async function withCopySource<T>(
  parts: DatabaseParts,
  writer: WriterParts,
  use: (source: CopySource) => Promise<T>,
): Promise<T> {
  const { source, letGo } = await writer.pipeline.betweenGroups(() => {
    const made = copySourceNow(parts, writer)
    return { source: made, letGo: writer.removals.hold(filesOf(made)) }
  })
  try {
    return await use(source)
  } catch (error) {
    // The operating system may drop the bytes of a log that it could not sync.
    if (error instanceof VarveError && error.code === 'CORRUPTION') {
      writer.pipeline.assertNotPoisoned()
    }
    throw error
  } finally {
    letGo()
  }
}

/** Requires: no commit is logged but not yet in the memtables. */
function copySourceNow(
  { path, options, store, current }: DatabaseParts,
  { log, pipeline }: WriterParts,
): CopySource {
  const edit = current.state.versions.snapshotEdit()
  const sizes = log.openLogSizes()
  const logs = logsFrom(options.fs, path, edit.logNumber)
    // A log with a higher number was created but never became the active one.
    .filter(({ logNumber }) => logNumber <= log.logNumber)
    .map((found) => {
      const limitBytes = sizes.get(found.logNumber)
      return limitBytes === undefined ? found : { ...found, limitBytes }
    })
  return { directory: path, store, edit, logs, sequence: pipeline.visibleSequence }
}
