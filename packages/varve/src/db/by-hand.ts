import { pickManual } from '../compaction/pickers/manual-picker.js'
import { shapeOf } from '../compaction/pickers/tree-shape.js'
import type { KeyRange } from '../key/key-range.js'
import type { WriterParts } from './database-parts.js'
import type { ReadCore } from './read-core.js'

/** Everything committed before the call is in tables when it resolves. */
export async function flushAll(core: ReadCore, writer: WriterParts): Promise<void> {
  const { tree } = core
  const { scheduler, stalls } = writer
  const target = await writer.pipeline.sealMemtables()
  while (tree.hasUnflushedBefore(target)) {
    core.assertOpen()
    if (scheduler.flushFailure !== undefined) throw scheduler.flushFailure
    scheduler.pump()
    if (tree.hasUnflushedBefore(target)) await stalls.changed()
  }
}

/** Takes a range down, one level after another, with no other compaction beside it. */
export async function compactRange(
  core: ReadCore,
  writer: WriterParts,
  range: KeyRange,
): Promise<void> {
  const { tree } = core
  const { scheduler } = writer
  await flushAll(core, writer)
  scheduler.pauseMerges()
  try {
    for (let level = 0; level <= Math.max(1, tree.currentVersion().deepestLevel()); level++) {
      await scheduler.mergesIdle()
      core.assertOpen()
      const version = tree.currentVersion()
      const { lastLevel } = shapeOf(version, tree.compaction)
      const spec = pickManual(version, range, level, lastLevel, tree.busyTables)
      if (spec === 'busy') level--
      else if (spec !== undefined) await scheduler.runNow(tree.mergeFor(spec))
    }
  } finally {
    scheduler.resumeMerges()
  }
}
