import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import { DiskSpace } from './disk-space.js'
import type { JobExecutor } from '../jobs/job-executor.js'
import { JobWatch } from '../jobs/job-watch.js'
import type { JobOutcome, JobRequest, JobResult } from '../jobs/job-request.js'
import { fullDiskRetryMs, maxRetries, spaceCheckMs } from './job-lane.js'
import { type BackgroundJob, type EditLog, type JobSource, Scheduler } from './scheduler.js'

const result: JobResult = {
  outputs: [],
  readBytes: 0,
  writtenBytes: 0,
  droppedEntries: 0,
  durationMs: 0,
}
const failure: JobOutcome = { ok: false, error: { code: 'IO', message: 'the disk is full' } }

/** Runs nothing: the test ends the jobs. */
class HeldExecutor implements JobExecutor {
  readonly isInline = false
  mergeSlots = 1
  readonly memoryBytes = 0
  readonly running: {
    request: JobRequest
    done: (outcome: JobOutcome) => void
    watch: JobWatch | undefined
  }[] = []
  isClosed = false
  isRefusing = false

  prepare(): void {}

  submit(request: JobRequest, done: (outcome: JobOutcome) => void, watch?: JobWatch): void {
    if (this.isRefusing) throw new Error('no thread could be started')
    assert.ok(!this.isClosed, 'a job for a closed executor')
    this.running.push({ request, done, watch })
  }

  end(outcome: JobOutcome = { ok: true, result }): void {
    this.running.shift()!.done(outcome)
  }

  poll(): void {}

  wait(): void {
    if (this.running.length > 0) this.end()
  }

  abort(): void {
    const error = { code: 'ABORTED', message: 'aborted' } as const
    for (const { done } of this.running.splice(0)) done({ ok: false, error })
  }

  close(): Promise<void> {
    this.isClosed = true
    return Promise.resolve()
  }
}

/** Asynchronous edits stay under way until `finish`. */
class HeldEdits implements EditLog {
  readonly applied: string[] = []
  finish: () => void = () => {}

  applyEdit(): void {
    this.applied.push('blocking')
  }

  finishEdits(): void {
    this.applied.push('finished')
  }

  applyEditAsync(): Promise<void> {
    return new Promise((resolve) => {
      this.finish = () => {
        this.applied.push('async')
        resolve()
      }
    })
  }
}

function setUp() {
  const executor = new HeldExecutor()
  const edits = new HeldEdits()
  const clock = new VirtualClock()
  const log: string[] = []
  const wanted = { flush: 0, merge: 0 }
  const next = (kind: 'flush' | 'merge'): BackgroundJob | undefined => {
    if (wanted[kind] === 0) return undefined
    wanted[kind]--
    log.push(`start ${kind}`)
    return {
      kind,
      requests: [{ kind } as JobRequest],
      neededBytes: 100,
      sparedBytes: kind === 'merge' ? 50 : 0,
      editFor: () => ({}),
      installed: () => void log.push(`installed ${kind}`),
      failed: () => {
        log.push(`failed ${kind}`)
        wanted[kind]++
      },
    }
  }
  const source: JobSource = {
    nextFlush: () => next('flush'),
    nextMerge: () => next('merge'),
    nextLevel0Merge: () => undefined,
  }
  const errors: VarveError[] = []
  const disk = { freeBytes: Infinity }
  const scheduler = new Scheduler({
    executor,
    source,
    edits,
    space: new DiskSpace('/db', () => disk.freeBytes),
    clock,
    onChange: () => {},
    onError: (error) => errors.push(error),
  })
  return { disk, executor, edits, clock, log, wanted, source, errors, scheduler }
}

const turn = (): Promise<void> => new Promise(setImmediate)

test('flushes take precedence, and merges use the free slots', async () => {
  const { executor, edits, log, wanted, scheduler } = setUp()
  wanted.merge = 2
  wanted.flush = 1
  scheduler.pump()
  assert.deepEqual(log, ['start flush', 'start merge'])
  executor.end()
  edits.finish()
  await turn()
  assert.deepEqual(log.slice(2), ['installed flush'])
  executor.end()
  edits.finish()
  await turn()
  assert.deepEqual(log.slice(3), ['installed merge', 'start merge'])
  assert.equal(scheduler.runningMerges, 1)
})

test('a failed job is retried with growing delays, then stopped', () => {
  const { executor, clock, wanted, errors, scheduler } = setUp()
  wanted.flush = 1
  scheduler.pump()
  for (let retry = 0; retry < maxRetries; retry++) {
    executor.end(failure)
    const pauseMs = 1000 * 2 ** retry
    clock.advance(pauseMs - 1)
    assert.equal(executor.running.length, 0, 'tried again too early')
    assert.equal(scheduler.flushFailure, undefined)
    clock.advance(1)
    assert.equal(executor.running.length, 1, 'not tried again')
  }
  executor.end(failure)
  assert.equal(scheduler.flushFailure?.code, 'IO')
  assert.equal(errors.length, maxRetries + 1)
  assert.equal(scheduler.failures, maxRetries + 1)
  clock.advance(1e9)
  assert.equal(executor.running.length, 0)
})

test('a job that the executor refuses fails and is retried later', () => {
  const { executor, clock, log, wanted, errors, scheduler } = setUp()
  wanted.flush = 1
  executor.isRefusing = true
  scheduler.pump()
  assert.deepEqual(log, ['start flush', 'failed flush'])
  assert.equal(errors.length, 1)
  executor.isRefusing = false
  clock.advance(1000)
  assert.equal(executor.running.length, 1)
})

test('a job without disk space is not started, and is retried until there is enough', () => {
  const { disk, executor, clock, log, wanted, errors, scheduler } = setUp()
  disk.freeBytes = 149
  wanted.merge = 1
  scheduler.pump()
  assert.deepEqual(log, ['start merge', 'failed merge'])
  assert.equal(scheduler.mergeFailure?.systemCode, 'ENOSPC')
  for (let i = 0; i < 100; i++) clock.advance(spaceCheckMs)
  assert.equal(errors.length, 1, 'told at every try')
  assert.equal(executor.running.length, 0)

  wanted.flush = 1
  scheduler.pump()
  assert.equal(executor.running.length, 1, 'a flush needs less')
  assert.equal(scheduler.flushFailure, undefined)
  disk.freeBytes = 249
  clock.advance(spaceCheckMs)
  assert.equal(executor.running.length, 1, 'what the flush may take is promised to it')
  executor.end(failure)
  assert.equal(executor.running.length, 1, 'not asked for when the flush has ended')
  assert.equal(log.at(-1), 'start merge')
  assert.equal(scheduler.mergeFailure, undefined)

  executor.end({ ok: false, error: { code: 'ABORTED', message: 'aborted' } })
  assert.equal(executor.running.length, 1)
  disk.freeBytes = 0
  clock.advance(1e6)
  assert.equal(errors.length, 3, 'a new shortage is news')
})

test('on a full disk retries continue, but waiting writers get the error', async () => {
  const { executor, edits, clock, wanted, scheduler } = setUp()
  const full: JobOutcome = {
    ok: false,
    error: { code: 'IO', message: 'no space', systemCode: 'ENOSPC' },
  }
  wanted.flush = 1
  scheduler.pump()
  for (let retry = 0; retry <= maxRetries; retry++) {
    assert.equal(scheduler.flushFailure, undefined)
    executor.end(full)
    clock.advance(retry < maxRetries ? 60_000 : 0)
  }
  for (let retry = 0; retry < 10; retry++) {
    assert.equal(scheduler.flushFailure?.systemCode, 'ENOSPC')
    clock.advance(fullDiskRetryMs)
    executor.end(full)
  }
  clock.advance(fullDiskRetryMs)
  executor.end()
  edits.finish()
  await turn()
  assert.equal(scheduler.flushFailure, undefined)
  assert.ok(scheduler.isIdle)
})

test('a device with unknown free space is assumed to have enough', () => {
  const space = new DiskSpace('/db', () => {
    throw new Error('not supported')
  })
  assert.equal(space.claim({ neededBytes: 2 ** 50, sparedBytes: 0 }), undefined)
})

test('merges that fail permanently stop only merges', async () => {
  const { executor, edits, clock, log, wanted, scheduler } = setUp()
  wanted.merge = 1
  scheduler.pump()
  for (let retry = 0; retry <= maxRetries; retry++) {
    executor.end(failure)
    clock.advance(60_000)
  }
  assert.equal(scheduler.mergeFailure?.code, 'IO')
  assert.equal(scheduler.flushFailure, undefined)
  wanted.flush = 1
  scheduler.pump()
  executor.end()
  edits.finish()
  await turn()
  assert.equal(log.at(-1), 'installed flush')
})

test('a success resets the count of failures in a row', async () => {
  const { executor, edits, clock, wanted, scheduler } = setUp()
  wanted.flush = 1
  scheduler.pump()
  for (let round = 0; round < 2 * maxRetries; round++) {
    executor.end(failure)
    clock.advance(1000)
    executor.end()
    edits.finish()
    await turn()
    wanted.flush = 1
    scheduler.pump()
  }
  assert.equal(scheduler.flushFailure, undefined)
})

test('a blocked thread installs finished jobs and completes edits in flight', async () => {
  const { executor, edits, log, wanted, scheduler } = setUp()
  wanted.flush = 2
  scheduler.pump()
  executor.end()
  assert.deepEqual(log.slice(2), [], 'installed before its edit is durable')
  scheduler.waitBlocking(10)
  assert.deepEqual(log.slice(2), ['installed flush'])
  scheduler.waitBlocking(10)
  assert.deepEqual(log.slice(3), ['installed flush'])
  edits.finish()
  await turn()
  assert.equal(log.filter((line) => line === 'installed flush').length, 2)
  assert.ok(scheduler.isIdle)
})

test('a pause does not stop a blocked thread', () => {
  const { log, wanted, scheduler } = setUp()
  scheduler.pauseMerges()
  wanted.merge = 1
  scheduler.pump()
  assert.deepEqual(log, [])
  scheduler.waitBlocking(10)
  assert.deepEqual(log, ['start merge', 'installed merge'])
})

test('held merges wait for their release, flushes do not', () => {
  const { log, wanted, scheduler } = setUp()
  scheduler.holdMerges()
  wanted.merge = 1
  wanted.flush = 1
  scheduler.pump()
  scheduler.waitBlocking(10)
  scheduler.waitBlocking(10)
  assert.deepEqual(log, ['start flush', 'installed flush'])
  scheduler.releaseMerges()
  assert.deepEqual(log.slice(2), ['start merge'])
})

test('close aborts running jobs and starts no more', async () => {
  const { executor, log, wanted, source, errors, scheduler } = setUp()
  wanted.flush = 1
  wanted.merge = 1
  scheduler.pump()
  await scheduler.close()
  assert.deepEqual(log.slice(2), ['failed flush', 'failed merge'])
  assert.equal(errors.length, 0, 'an aborted job is not a failure')
  scheduler.pump()
  assert.equal(executor.running.length, 0)
  await assert.rejects(
    scheduler.runNow(source.nextMerge(1)!),
    (error) => error instanceof VarveError && error.code === 'ABORTED',
  )
})

/** A merge in three parts, and what becomes of it. */
function mergeInParts(log: string[]): BackgroundJob {
  return {
    kind: 'merge',
    requests: [1, 2, 3].map(() => ({ kind: 'merge' }) as JobRequest),
    neededBytes: 0,
    sparedBytes: 0,
    editFor: () => ({}),
    installed: ({ readBytes }) => void log.push(`installed ${readBytes}`),
    failed: ({ message }, unused) =>
      void log.push(`failed: ${message}; ${unused?.readBytes} unused`),
  }
}

test('a job in parts is installed once, after its last part ends', async () => {
  const { executor, edits, log, scheduler } = setUp()
  executor.mergeSlots = 4
  const told: number[] = []
  const ended = scheduler.runNow(mergeInParts(log), new JobWatch((entries) => told.push(entries)))
  assert.deepEqual([scheduler.runningMerges, scheduler.freeMergeSlots], [1, 1])
  executor.running[0].watch?.onProgress?.(10)
  executor.running[2].watch?.onProgress?.(5)
  executor.running[0].watch?.onProgress?.(20)
  assert.deepEqual(told, [10, 15, 25])
  for (const readBytes of [1, 2, 4]) {
    assert.deepEqual(edits.applied, [])
    executor.end({ ok: true, result: { ...result, readBytes } })
  }
  edits.finish()
  await ended
  assert.deepEqual(log, ['installed 7'])
  assert.deepEqual([scheduler.runningMerges, scheduler.freeMergeSlots], [0, 4])
})

test('a failed part aborts the others, and the job fails when all have ended', async () => {
  const { executor, log, scheduler, errors } = setUp()
  const watch = new JobWatch()
  const ended = assert.rejects(scheduler.runNow(mergeInParts(log), watch), /the disk is full/)
  const isAborted = executor.running.map((part) => () => part.watch?.isAborted)
  executor.end({ ok: true, result: { ...result, readBytes: 4 } })
  executor.end(failure)
  assert.ok(isAborted[2](), 'the part that is still running is aborted')
  assert.ok(!watch.isAborted, 'which is not what the caller did')
  assert.deepEqual(log, [])
  executor.end({ ok: false, error: { code: 'ABORTED', message: 'aborted' } })
  await ended
  assert.deepEqual(log, ['failed: the disk is full; 4 unused'])
  assert.equal(errors.length, 1)
  assert.equal(scheduler.runningMerges, 0)
})

test('aborting a job aborts its parts, including those that start later', () => {
  const watch = new JobWatch()
  const parts = watch.split(2)
  watch.abort()
  assert.ok(parts.every((part) => part.isAborted))
  assert.ok(watch.split(1)[0].isAborted)
})

test('a merge is split into as many parts as may run in parallel', () => {
  const { executor, source, scheduler } = setUp()
  executor.mergeSlots = 3
  const asked: number[] = []
  source.nextMerge = (maxParts) => {
    asked.push(maxParts)
    return asked.length < 3 ? { ...mergeInParts([]), requests: [{} as JobRequest] } : undefined
  }
  scheduler.pump()
  assert.deepEqual(asked, [3, 2, 1])
})

/** Level 0 has one merge to offer. */
function offerLevel0Merge(source: JobSource, log: string[]): void {
  let isOffered = false
  source.nextLevel0Merge = () => {
    if (isOffered) return undefined
    isOffered = true
    log.push('start level 0')
    return { ...mergeInParts([]), requests: [{ kind: 'merge' } as JobRequest] }
  }
}

test('a merge of level 0 starts beside merges that take all slots', async () => {
  const { executor, edits, log, wanted, source, scheduler } = setUp()
  offerLevel0Merge(source, log)
  wanted.merge = 2
  scheduler.pump()
  assert.deepEqual(log, ['start merge', 'start level 0'])
  assert.equal(scheduler.runningMerges, 2)
  executor.end()
  edits.finish()
  await turn()
  assert.deepEqual(log.slice(2), ['installed merge'])
  assert.equal(scheduler.freeMergeSlots, 0, 'the merge of level 0 has the slot')
  executor.end()
  edits.finish()
  await turn()
  assert.deepEqual(log.slice(3), ['start merge'])
})

test('no merge of level 0 starts while compactions are held', () => {
  const { log, wanted, source, scheduler } = setUp()
  offerLevel0Merge(source, log)
  wanted.merge = 1
  scheduler.holdMerges()
  scheduler.pump()
  assert.deepEqual(log, [])
})

test('the progress of a merge adds up over its parts', () => {
  const { executor, source, scheduler } = setUp()
  executor.mergeSlots = 3
  const read: number[] = []
  let isOffered = false
  source.nextMerge = () => {
    if (isOffered) return undefined
    isOffered = true
    return { ...mergeInParts([]), progressed: (entries) => void read.push(entries) }
  }
  scheduler.pump()
  executor.running[0].watch?.onProgress?.(10)
  executor.running[1].watch?.onProgress?.(5)
  assert.deepEqual(read, [10, 15])
})
