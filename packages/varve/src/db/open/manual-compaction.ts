import { invalidArgument, VarveError } from '../../base/errors.js'
import { abortedError, JobWatch } from '../../compaction/jobs/job-watch.js'
import { pickManual } from '../../compaction/pickers/manual-picker.js'
import { shapeOf } from '../../compaction/pickers/tree-shape.js'
import type { KeyRange } from '../../key/key-range.js'
import type { Tree } from '../../tree/tree.js'
import type { CompactOptions } from '../api.js'
import { CompactMeter } from '../background/compact-meter.js'
import type { WriterParts } from './database-parts.js'
import { requireKnown, requireObject } from '../options/arguments.js'
import type { StoreCore } from '../read/read-core.js'

/** Flushes all keyspaces. When it resolves, everything committed before the call is in tables. */
export async function flushAll(core: StoreCore, writer: WriterParts): Promise<void> {
  const { trees } = core.current
  const target = await writer.pipeline.sealMemtables()
  for (const tree of [...trees.unflushed()]) await flushed(tree, target, core, writer)
}

/** Like `flushAll`, for one keyspace. */
export async function flushTree(core: StoreCore, writer: WriterParts): Promise<void> {
  const { tree } = core.current
  const target = await writer.pipeline.sealMemtables(tree)
  await flushed(tree, target, core, writer)
}

async function flushed(
  tree: Tree,
  target: number,
  core: StoreCore,
  { scheduler, stalls }: WriterParts,
): Promise<void> {
  while (tree.hasUnflushedBefore(target) && !tree.isDropped) {
    core.assertOpen()
    if (scheduler.flushFailure !== undefined) throw scheduler.flushFailure
    scheduler.pump()
    if (tree.hasUnflushedBefore(target)) await stalls.changed()
  }
}

export function checkCompactOptions(options: CompactOptions): void {
  requireObject(options, 'the options of compact')
  requireKnown(options, { signal: true, onProgress: true }, 'option of compact')
  const { signal, onProgress } = options
  if (signal !== undefined && typeof signal.addEventListener !== 'function') {
    throw invalidArgument("'signal' must be an AbortSignal", 'signal')
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument("'onProgress' must be a function", 'onProgress')
  }
}

/**
 * Compacts a range, one level after another, with no other compaction running. Does nothing under
 * 'fifo', which never rewrites tables.
 */
export async function compactRange(
  core: StoreCore,
  writer: WriterParts,
  range: KeyRange,
  { signal, onProgress }: CompactOptions,
): Promise<void> {
  const meter = new CompactMeter(range, onProgress)
  const watch = new JobWatch(onProgress && ((readEntries) => meter.moveTo(readEntries)))
  const cancellation = new Cancellation(signal, () => watch.abort())
  const { tree } = core.current
  const { scheduler, jobs } = writer
  try {
    await cancellation.orOver(flushTree(core, writer))
    const { current, busy } = tree.compaction
    if (current.policy === 'fifo') return
    scheduler.pauseMerges()
    try {
      for (let level = 0; level <= Math.max(1, tree.currentVersion().deepestLevel()); level++) {
        await cancellation.orOver(scheduler.mergesIdle())
        // With inline jobs, nothing else would give the signal a chance to fire.
        await cancellation.orOver(core.turns.later(undefined))
        core.assertOpen()
        const version = tree.currentVersion()
        const { lastLevel } = shapeOf(version, current)
        const spec = pickManual(version, range, level, lastLevel, busy)
        if (spec === 'busy') level--
        if (spec === 'busy' || spec === undefined) continue
        meter.begin(level, version, spec)
        // Wait until the job ends: only then has an aborted job removed its files.
        await scheduler.runNow(jobs.mergeOf(tree, spec, scheduler.freeMergeSlots), watch)
        meter.end()
      }
    } finally {
      scheduler.resumeMerges()
    }
  } catch (error) {
    if (!(error instanceof VarveError && error.code === 'ABORTED')) throw error
    const why = watch.isAborted ? 'by its signal' : 'because the database closes'
    throw new VarveError('ABORTED', `compact was aborted ${why}`, { cause: signal?.reason })
  } finally {
    cancellation.close()
  }
}

/** Listens to a signal during a call that awaits several promises in turn. Owned by: the call. */
class Cancellation {
  private readonly fired: Promise<never>
  private readonly onAbort: () => void

  constructor(
    private readonly signal: AbortSignal | undefined,
    onAbort: () => void,
  ) {
    let reject: (error: VarveError) => void
    this.fired = new Promise((_, rejectFired) => (reject = rejectFired))
    this.fired.catch(() => {})
    this.onAbort = () => {
      onAbort()
      reject(abortedError())
    }
    if (signal?.aborted === true) this.onAbort()
    else signal?.addEventListener('abort', this.onAbort)
  }

  /** Settles like `promise`, or rejects with ABORTED if the signal fires first. */
  orOver<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([this.fired, promise])
  }

  close(): void {
    this.signal?.removeEventListener('abort', this.onAbort)
  }
}
