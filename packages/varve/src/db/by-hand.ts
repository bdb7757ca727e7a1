import { pickManual } from '../compaction/pickers/manual-picker.js'
import type { KeyRange } from '../key/key-range.js'
import type { Tree } from '../tree/tree.js'
import type { WriterParts } from './database-parts.js'

/** Everything committed before the call is in tables when it resolves. */
export async function flushAll(tree: Tree, writer: WriterParts): Promise<void> {
  const { pipeline, scheduler, stalls } = writer
  await pipeline.drain()
  const target = pipeline.visibleSequence
  if (!tree.hasUnflushedBefore(target)) return
  pipeline.rotate()
  while (tree.hasUnflushedBefore(target)) {
    if (scheduler.failure !== undefined) throw scheduler.failure
    scheduler.pump()
    if (tree.hasUnflushedBefore(target)) await stalls.wait({ severity: 'stop', cause: 'memtables' })
  }
}

/** Takes a range down, one level after another, with no other compaction beside it. */
export async function compactRange(
  tree: Tree,
  writer: WriterParts,
  range: KeyRange,
): Promise<void> {
  const { scheduler } = writer
  await flushAll(tree, writer)
  scheduler.pauseMerges()
  try {
    for (let level = 0; level <= Math.max(1, tree.currentVersion().deepestLevel()); level++) {
      await scheduler.mergesIdle()
      const spec = pickManual(tree.currentVersion(), range, level, tree.busyTables)
      if (spec === 'busy') level--
      else if (spec !== undefined) await scheduler.runNow(tree.mergeFor(spec))
    }
  } finally {
    scheduler.resumeMerges()
  }
}
