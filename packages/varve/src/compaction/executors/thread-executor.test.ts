import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { VarveError } from '../../base/errors.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { ValueKind } from '../../key/value-kind.js'
import { MemTable } from '../../memtable/memtable.js'
import { CodecRegistry } from '../../sstable/block/codec.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import type { FlushRequest, JobOutcome } from '../jobs/job-request.js'
import { ThreadExecutor } from './thread-executor.js'
import { WorkerCell, type WorkerSetup, WorkerState } from './worker-protocol.js'
import { maxLookMs, maxSilenceMs, type StartWorker } from './worker-thread.js'

const directory = '/db'

/** What a worker of these tests does when it gets a job. */
const behaviours = {
  answers: `
    port.postMessage({ id, outcome: { ok: true, result: { outputs: [] } } })
    wakeOwner()`,
  exits: `process.exit()`,
  hangs: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
}

/** A worker that does everything as it should but its jobs. */
function misbehaving(behaviour: string): StartWorker {
  const code = `
    const { port, control, cells } = require('node:worker_threads').workerData
    const wakeOwner = () => {
      Atomics.add(control, 1, 1)
      Atomics.notify(control, 1)
    }
    process.on('exit', () => {
      Atomics.store(cells, 0, 2)
      wakeOwner()
    })
    port.on('message', ({ id }) => { ${behaviour} })
    Atomics.store(cells, 0, 1)`
  return (workerData, transferList) => new Worker(code, { eval: true, workerData, transferList })
}

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
    (workerData, transferList) => {
      setups.push(workerData)
      return startWorker(workerData, transferList)
    },
  )
  context.after(() => executor.close())
  const outcomes: JobOutcome[] = []
  const submit = (request = flushRequest()): void =>
    executor.submit(request, (outcome) => outcomes.push(outcome))
  const isReady = (): boolean =>
    Atomics.load(setups[0].cells, WorkerCell.state) === WorkerState.ready
  const beat = (): void => void Atomics.add(setups[0].cells, WorkerCell.heartbeat, 1)
  return { fs, clock, warnings, executor, outcomes, submit, isReady, beat }
}

function flushRequest(): FlushRequest {
  const memtable = new MemTable(1 << 16)
  memtable.insert(1, ValueKind.put, Buffer.from('k'), 0, 1, Buffer.from('v'), 0, 1)
  return {
    kind: 'flush',
    memtable: memtable.seal(),
    nothingBelow: true,
    options: {
      blockBytes: 4096,
      tableBytes: 1 << 20,
      filterBitsPerKey: 10,
      codec: 'none',
      paranoid: false,
    },
    snapshots: [],
    nowMs: 0,
    firstFileNumber: 10,
    fileNumberCount: 1,
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 30_000, `waited in vain until ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const isLost = (outcome: JobOutcome | undefined, reason: RegExp): boolean =>
  outcome?.ok === false && outcome.error.code === 'IO' && reason.test(outcome.error.message)

test('one worker starts ahead of the first job, and gets it', async (context) => {
  let started = 0
  const { executor, outcomes, submit } = setUp(
    context,
    (workerData, transferList) => {
      started++
      return misbehaving(behaviours.answers)(workerData, transferList)
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
  const { executor, outcomes, submit, warnings } = setUp(context, misbehaving(behaviours.exits))
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
    return misbehaving(behaviour)(workerData, transferList)
  })
  submit()
  await until(() => outcomes.length === 1)
  assert.ok(isLost(outcomes[0], /thread ended/))
  submit()
  await until(() => outcomes.length === 2)
  assert.ok(outcomes[1].ok)
})

test('a worker that never answers is given up while the owner is blocked', (context) => {
  const { clock, executor, outcomes, submit } = setUp(context, misbehaving(behaviours.hangs))
  submit()
  // The whole process was asleep: that counts as one look.
  clock.advance(24 * 3600 * 1000)
  executor.wait(1)
  let ms = maxLookMs
  for (; outcomes.length === 0; ms += 1000) {
    assert.ok(ms <= maxSilenceMs, `not given up after ${ms} ms`)
    clock.sleepSync(1000)
    executor.wait(1)
  }
  assert.ok(ms >= maxSilenceMs, `given up after ${ms} ms`)
  assert.ok(isLost(outcomes[0], /not moved for 60 s/))
})

test('a worker that never answers is given up, and what it has written is removed', async (context) => {
  const { fs, clock, outcomes, submit, isReady } = setUp(context, misbehaving(behaviours.hangs))
  for (const name of ['000009.sst', '000010.sst.tmp', '000011.sst']) {
    fs.create(`${directory}/${name}`).close()
  }
  submit()
  await until(isReady)
  for (let i = 0; i < maxSilenceMs / maxLookMs; i++) {
    assert.equal(outcomes.length, 0)
    clock.advance(maxLookMs)
  }
  assert.ok(isLost(outcomes[0], /not moved/))
  await until(() => fs.list(directory).length === 2)
  assert.deepEqual(fs.list(directory).sort(), ['000009.sst', '000011.sst'])
})

test('a worker that works may take its time', (context) => {
  const hangs = misbehaving(behaviours.hangs)
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
  assert.ok(isLost(outcomes[0], /not moved/))
  assert.ok(executor.isInline)
  assert.equal(warnings.length, 1)
})

for (const [what, startWorker] of Object.entries({ missing, crashing })) {
  test(`without a worker (${what}) jobs run on the calling thread, after a warning`, async (context) => {
    const { fs, executor, outcomes, warnings, submit } = setUp(context, startWorker, 4)
    submit()
    await until(() => outcomes.length === 1)
    assert.ok(outcomes[0].ok, JSON.stringify(outcomes))
    assert.deepEqual(fs.list(directory), ['000010.sst'])
    assert.ok(executor.isInline)
    assert.equal(warnings.length, 1)
    assert.match(warnings[0].message, /calling thread.*no (file|module)/)
    submit({ ...flushRequest(), firstFileNumber: 20 })
    assert.equal(outcomes.length, 2)
    assert.equal(warnings.length, 1)
  })
}

test('a second worker that cannot be started leaves the first one with all jobs', async (context) => {
  let started = 0
  const { executor, outcomes, warnings, submit } = setUp(
    context,
    (workerData, transferList) =>
      (started++ === 0 ? misbehaving(behaviours.answers) : missing)(workerData, transferList),
    2,
  )
  for (let i = 0; i < 3; i++) submit()
  await until(() => outcomes.length === 3)
  assert.ok(outcomes.every(({ ok }) => ok))
  assert.equal(executor.mergeSlots, 1)
  assert.ok(!executor.isInline)
  assert.equal(warnings.length, 1)
})
