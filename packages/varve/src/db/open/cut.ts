import { type Cut, filesOf } from '../../backup/cut.js'
import type { DatabaseParts, WriterParts } from './database-parts.js'
import { logsFrom } from './recovery.js'

/**
 * Lets `use` copy the database as it is between two commits: everything submitted before the call is in
 * it. Writes, flushes and compactions go on meanwhile; the files of the cut stay.
 */
export async function withCut<T>(
  parts: DatabaseParts,
  writer: WriterParts,
  use: (cut: Cut) => Promise<T>,
): Promise<T> {
  const { cut, letGo } = await writer.pipeline.betweenGroups(() => {
    const made = cutNow(parts, writer)
    return { cut: made, letGo: writer.host.removals.hold(filesOf(made)) }
  })
  try {
    return await use(cut)
  } finally {
    letGo()
  }
}

/** Requires: no commit is between log and memtable. */
function cutNow({ path, options, versions }: DatabaseParts, { log, pipeline }: WriterParts): Cut {
  const edit = versions.snapshotEdit()
  const sizes = log.openLogSizes()
  const logs = logsFrom(options.fs, path, edit.logNumber)
    // One with a higher number could not be begun.
    .filter(({ logNumber }) => logNumber <= log.logNumber)
    .map((found) => {
      const limitBytes = sizes.get(found.logNumber)
      return limitBytes === undefined ? found : { ...found, limitBytes }
    })
  return { directory: path, edit, logs, sequence: pipeline.visibleSequence }
}
