import { type CopySource, filesOf } from '../../backup/copy-source.js'
import { logsFrom } from '../../wal/log-files.js'
import type { DatabaseParts, WriterParts } from './database-parts.js'

/**
 * Lets `use` copy the state of the database between two commits: everything submitted before the
 * call is in it. Writes, flushes and compactions go on meanwhile; the files of that state stay.
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
  } finally {
    letGo()
  }
}

/** Requires: no commit is between log and memtable. */
function copySourceNow(
  { path, options, store, current }: DatabaseParts,
  { log, pipeline }: WriterParts,
): CopySource {
  const edit = current.state.versions.snapshotEdit()
  const sizes = log.openLogSizes()
  const logs = logsFrom(options.fs, path, edit.logNumber)
    // A log with a higher number could not be started.
    .filter(({ logNumber }) => logNumber <= log.logNumber)
    .map((found) => {
      const limitBytes = sizes.get(found.logNumber)
      return limitBytes === undefined ? found : { ...found, limitBytes }
    })
  return { directory: path, store, edit, logs, sequence: pipeline.visibleSequence }
}
