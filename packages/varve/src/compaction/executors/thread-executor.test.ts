import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { VarveError } from '../../base/errors.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { CodecRegistry } from '../../sstable/block/codec.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import type { JobOutcome } from '../jobs/job-request.js'
import { behaviours, fakeWorker, flushRequest, until } from './testing/fake-worker.js'
import { ThreadExecutor } from './thread-executor.js'
import { WorkerPool } from './worker-pool.js'
import { WorkerCell, type WorkerSetup, WorkerState } from './worker-protocol.js'
import { maxLookMs, maxSilenceMs, type StartWorker } from './worker-thread.js'

const directory = '/db'

const crashing: StartWorker = (workerData, transferList) =>
  new Worker(`throw new Error('no module')`, { eval: true, workerData, transferList })

const missing: StartWorker = () => {
  throw new Error('no file')
}

function setUp(context: TestContext, startWorker: StartWorker, threads = 1) {
  const fs = new MemoryFileSystem()
  fs.makeDirectory(directory)
  const store = new LocalTableStore(fs, directory)
  const clock = new VirtualClock()
  const warnings: VarveError[] = []
  const setups: WorkerSetup[] = []
  const pool = new WorkerPool({
    startWorker: (workerData, transferList) => {
      setups.push(workerData)
      return startWorker(workerData, transferList)
    },
    clock,
    maxWorkers: 8,
  })
  context.after(() => pool.close())
  const executor = new ThreadExecutor(
    {
      environment: { store, codecs: new CodecRegistry([]), clock },
      directory,
      threads,
      bytesPerSecond: Infinity,
      niceness: 0,
      codecModules: [],
      onWarning: (warning) => warnings.push(warning),
    },
    pool,
  )
  const outcomes: JobOutcome[] = []
  const submit = (request = flushRequest()): void =>
    executor.submit(request, (outcome) => outcomes.push(outcome))
  const isReady = (): boolean =>
    Atomics.load(setups[0].cells, WorkerCell.state) === WorkerState.ready
  const beat = (): void => void Atomics.add(setups[0].cells, WorkerCell.heartbeat, 1)
  return { fs, clock, warnings, executor, outcomes, submit, isReady, beat }
}

const isLost = (outcome: JobOutcome | undefined, reason: RegExp): boolean =>
  outcome?.ok === false && outcome.error.code === 'IO' && reason.test(outcome.error.message)

test('one worker starts ahead of the first job, and gets it', async (context) => {
  let started = 0
  const { executor, outcomes, submit } = setUp(
    context,
    (workerData, transferList) => {
      started++
      return fakeWorker(behaviours.answers)(workerData, transferList)
    },
    2,
  )
  executor.prepare()
  executor.prepare()
  assert.equal(started, 1)
  submit()
  await until(() => outcomes.length === 1)
  assert.equal(started, 1)
})

test('a worker that ends fails its job, also when the owner is blocked', (context) => {
  const { executor, outcomes, submit, warnings } = setUp(context, fakeWorker(behaviours.exits))
  submit()
  while (outcomes.length === 0) executor.wait(1000)
  assert.ok(isLost(outcomes[0], /thread ended/), JSON.stringify(outcomes))
  assert.deepEqual(warnings, [])
  assert.ok(!executor.isInline)
})

test('a worker that ends fails its job, and the next job gets another worker', async (context) => {
  let started = 0
  const { outcomes, submit } = setUp(context, (workerData, transferList) => {
    const behaviour = started++ === 0 ? behaviours.exits : behaviours.answers
    return fakeWorker(behaviour)(workerData, transferList)
  })
  submit()
  await until(() => outcomes.length === 1)
  assert.ok(isLost(outcomes[0], /thread ended/))
  submit()
  await until(() => outcomes.length === 2)
  assert.ok(outcomes[1].ok)
})

test('a worker that never answers is lost while the owner is blocked', (context) => {
  const { clock, executor, outcomes, submit } = setUp(context, fakeWorker(behaviours.hangs))
  submit()
  // The whole process was asleep: that counts as one look.
  clock.advance(24 * 3600 * 1000)
  executor.wait(1)
  let ms = maxLookMs
  for (; outcomes.length === 0; ms += 1000) {
    assert.ok(ms <= maxSilenceMs, `not lost after ${ms} ms`)
    clock.sleepSync(1000)
    executor.wait(1)
  }
  assert.ok(ms >= maxSilenceMs, `lost after ${ms} ms`)
  assert.ok(isLost(outcomes[0], /made no progress for 60 s/))
})

test('a worker that never answers is abandoned, and its files are removed', async (context) => {
  const { fs, clock, outcomes, submit, isReady } = setUp(context, fakeWorker(behaviours.hangs))
  for (const name of ['000009.sst', '000010.sst.tmp', '000011.sst']) {
    fs.create(`${directory}/${name}`).close()
  }
  submit()
  await until(isReady)
  for (let i = 0; i < maxSilenceMs / maxLookMs; i++) {
    assert.equal(outcomes.length, 0)
    clock.advance(maxLookMs)
  }
  assert.ok(isLost(outcomes[0], /made no progress/))
  await until(() => fs.list(directory).length === 2)
  assert.deepEqual(fs.list(directory).sort(), ['000009.sst', '000011.sst'])
})

test('a worker that works may take its time', (context) => {
  const hangs = fakeWorker(behaviours.hangs)
  const { clock, outcomes, submit, beat } = setUp(context, hangs)
  submit()
  for (let i = 0; i < 20; i++) {
    clock.advance(maxLookMs)
    clock.advance(maxLookMs)
    beat()
  }
  assert.deepEqual(outcomes, [])
})

test('a worker that does not even start is done without', (context) => {
  const { clock, executor, outcomes, warnings, submit } = setUp(
    context,
    () => new Worker('', { eval: true }),
  )
  submit()
  for (let ms = 0; ms < maxSilenceMs; ms += maxLookMs) clock.advance(maxLookMs)
  assert.ok(isLost(outcomes[0], /made no progress/))
  assert.ok(executor.isInline)
  assert.equal(warnings.length, 1)
})

for (const [what, startWorker] of Object.entries({ missing, crashing })) {
  test(`without a worker (${what}), jobs run on the calling thread`, async (context) => {
    const { fs, executor, outcomes, warnings, submit } = setUp(context, startWorker, 4)
    submit()
    await until(() => outcomes.length === 1)
    assert.ok(outcomes[0].ok, JSON.stringify(outcomes))
    assert.deepEqual(fs.list(directory), ['000010.sst'])
    assert.ok(executor.isInline)
    assert.equal(warnings.length, 1)
    assert.match(warnings[0].message, /calling thread.*no (file|module)/)
    submit(flushRequest(20))
    assert.equal(outcomes.length, 2)
    assert.equal(warnings.length, 1)
  })
}

test('if a second worker cannot start, the first one gets all jobs', async (context) => {
  let started = 0
  const { executor, outcomes, warnings, submit } = setUp(
    context,
    (workerData, transferList) =>
      (started++ === 0 ? fakeWorker(behaviours.answers) : missing)(workerData, transferList),
    2,
  )
  for (let i = 0; i < 3; i++) submit()
  await until(() => outcomes.length === 3)
  assert.ok(outcomes.every(({ ok }) => ok))
  assert.equal(executor.mergeSlots, 1)
  assert.ok(!executor.isInline)
  assert.equal(warnings.length, 1)
})
