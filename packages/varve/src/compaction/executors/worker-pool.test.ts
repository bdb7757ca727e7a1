import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { VarveError } from '../../base/errors.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { CodecRegistry } from '../../sstable/block/codec.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import type { JobOutcome } from '../jobs/job-request.js'
import { behaviours, fakeWorker, flushRequest, until } from './testing/fake-worker.js'
import { ThreadExecutor, type ThreadExecutorOptions } from './thread-executor.js'
import { WorkerPool } from './worker-pool.js'
import { maxIdleMs, type StartWorker } from './worker-thread.js'

const directory = '/db'

/** A database, as far as the pool goes. */
class Database {
  readonly fs = new MemoryFileSystem()
  readonly outcomes: JobOutcome[] = []
  readonly warnings: VarveError[] = []
  readonly executor: ThreadExecutor

  constructor(pool: WorkerPool, clock: VirtualClock, options: Partial<ThreadExecutorOptions>) {
    this.fs.makeDirectory(directory)
    this.executor = new ThreadExecutor(
      {
        environment: {
          store: new LocalTableStore(this.fs, directory),
          codecs: new CodecRegistry([]),
          clock,
        },
        directory,
        threads: 1,
        bytesPerSecond: Infinity,
        niceness: 0,
        codecModules: [],
        onWarning: (warning) => this.warnings.push(warning),
        ...options,
      },
      pool,
    )
  }

  submit(firstFileNumber = 10): void {
    this.executor.submit(flushRequest(firstFileNumber), (outcome) => this.outcomes.push(outcome))
  }
}

function setUp(context: TestContext, startWorker: StartWorker, maxWorkers = 8) {
  const clock = new VirtualClock()
  let started = 0
  const pool = new WorkerPool({
    startWorker: (workerData, transferList) => {
      started++
      return startWorker(workerData, transferList)
    },
    clock,
    maxWorkers,
  })
  context.after(() => pool.close())
  return {
    clock,
    pool,
    open: (options: Partial<ThreadExecutorOptions> = {}) => new Database(pool, clock, options),
    startedWorkers: () => started,
  }
}

test('databases share one worker when none asks for more', async (context) => {
  const { open, startedWorkers } = setUp(context, fakeWorker(behaviours.answers))
  const databases = Array.from({ length: 30 }, () => open())
  for (const database of databases) {
    database.executor.prepare()
    database.submit()
    database.submit(20)
  }
  await until(() => databases.every(({ outcomes }) => outcomes.length === 2))
  assert.ok(databases.every(({ outcomes }) => outcomes.every(({ ok }) => ok)))
  assert.equal(startedWorkers(), 1)
  assert.ok(databases.every(({ executor }) => executor.memoryBytes === 100 * 1024))
})

test('runs as many workers as the most demanding database asks for', (context) => {
  const { open, startedWorkers } = setUp(context, fakeWorker(behaviours.hangs))
  const modest = open()
  for (let i = 0; i < 3; i++) modest.submit(10 + i)
  assert.equal(startedWorkers(), 1)
  const demanding = open({ threads: 3 })
  assert.equal(modest.executor.mergeSlots, 1)
  assert.equal(demanding.executor.mergeSlots, 3)
  for (let i = 0; i < 9; i++) demanding.submit(10 + i)
  assert.equal(startedWorkers(), 3)
})

test('runs no more workers than the machine can use', (context) => {
  const { open, startedWorkers } = setUp(context, fakeWorker(behaviours.hangs), 2)
  const demanding = open({ threads: 8 })
  assert.equal(demanding.executor.mergeSlots, 2)
  for (let i = 0; i < 8; i++) demanding.submit(10 + i)
  assert.equal(startedWorkers(), 2)
})

test('a database does not spread over more workers than it asks for', (context) => {
  const { open, pool } = setUp(context, fakeWorker(behaviours.hangs))
  const demanding = open({ threads: 3 })
  for (let i = 0; i < 2; i++) demanding.submit(10 + i)
  const modest = open()
  for (let i = 0; i < 4; i++) modest.submit(10 + i)
  const { workers } = pool.group({ niceness: 0, codecModules: [] })
  assert.equal(workers.length, 3)
  const own = workers.filter((worker) => worker.hasJobOf(modest.executor.databaseId))
  assert.equal(own.length, 1)
})

test('databases of different niceness or codecs have workers of their own', (context) => {
  const { open, startedWorkers } = setUp(context, fakeWorker(behaviours.hangs))
  for (const options of [{}, { niceness: 5 }, { codecModules: ['a'] }, { niceness: 5 }, {}]) {
    open(options).submit()
  }
  assert.equal(startedWorkers(), 3)
})

test('a worker ends after a time without jobs; the next job starts another', async (context) => {
  const { clock, open, pool, startedWorkers } = setUp(context, fakeWorker(behaviours.answers))
  const database = open()
  const { workers } = pool.group({ niceness: 0, codecModules: [] })
  database.submit()
  await until(() => database.outcomes.length === 1)
  clock.advance(maxIdleMs - 1)
  assert.equal(workers.length, 1)
  database.submit()
  await until(() => database.outcomes.length === 2)
  clock.advance(maxIdleMs - 1)
  assert.equal(workers.length, 1)
  clock.advance(1)
  assert.equal(workers.length, 0)
  database.submit()
  await until(() => database.outcomes.length === 3)
  assert.equal(startedWorkers(), 2)
})

test('a worker that was prepared and never needed ends, too', async (context) => {
  const { clock, open, pool } = setUp(context, fakeWorker(behaviours.answers))
  const { executor } = open()
  executor.prepare()
  const { workers } = pool.group({ niceness: 0, codecModules: [] })
  assert.equal(workers.length, 1)
  clock.advance(maxIdleMs)
  assert.equal(workers.length, 0)
  await executor.close()
})

test('a worker that crashes fails only the job that it was running', async (context) => {
  const worker = fakeWorker(behaviours.exitsAtFault + behaviours.answersLater)
  const { open, startedWorkers } = setUp(context, worker)
  const [innocent, faulty, other] = [open(), open(), open()]
  // What the innocent job had written when its worker crashed.
  innocent.fs.create(`${directory}/000010.sst.tmp`).close()
  innocent.submit()
  faulty.submit(666)
  other.submit()
  const all = [innocent, faulty, other]
  await until(() => all.every(({ outcomes }) => outcomes.length === 1))
  assert.deepEqual(
    all.map(({ outcomes }) => outcomes[0].ok),
    [true, false, true],
  )
  assert.deepEqual(innocent.fs.list(directory), [])
  assert.equal(startedWorkers(), 2)
  assert.deepEqual(
    all.flatMap(({ warnings }) => warnings),
    [],
  )
})

test('close waits for no job of another database', async (context) => {
  const { open } = setUp(context, fakeWorker(behaviours.hangs))
  const busy = open()
  busy.submit()
  await open().executor.close()
  assert.deepEqual(busy.outcomes, [])
})

test('close withdraws the jobs of its database from a starting worker', async (context) => {
  const starting: StartWorker = (workerData, transferList) =>
    new Worker(behaviours.hangs, { eval: true, workerData, transferList })
  const { open, pool } = setUp(context, starting)
  const [closing, other] = [open(), open()]
  for (const database of [closing, other]) {
    database.submit()
    database.submit(20)
  }
  closing.executor.abort()
  assert.deepEqual(
    closing.outcomes.map((outcome) => !outcome.ok && outcome.error.code),
    ['ABORTED', 'ABORTED'],
  )
  assert.deepEqual(other.outcomes, [])
  const [worker] = pool.group({ niceness: 0, codecModules: [] }).workers
  assert.equal(worker.jobCount, 2)
  await closing.executor.close()
})

test('close withdraws nothing from a worker that is ready', async (context) => {
  const { open } = setUp(context, fakeWorker(behaviours.answersLater))
  const [closing, other] = [open(), open()]
  other.submit()
  await until(() => other.outcomes.length === 1)
  closing.submit()
  closing.executor.abort()
  assert.deepEqual(closing.outcomes, [])
  await until(() => closing.outcomes.length === 1)
  await closing.executor.close()
})

test('a database hears nothing while the thread is blocked for another one', async (context) => {
  const { clock, open } = setUp(context, fakeWorker(behaviours.answers))
  const [blocking, other] = [open(), open()]
  other.submit()
  blocking.submit()
  while (blocking.outcomes.length === 0) blocking.executor.wait(1000)
  assert.deepEqual(other.outcomes, [])
  clock.advance(0)
  await until(() => other.outcomes.length === 1)
})

test('a database that polls gets messages that arrived while another one blocked', (context) => {
  const { open } = setUp(context, fakeWorker(behaviours.answers))
  const [blocking, other] = [open(), open()]
  other.submit()
  blocking.submit()
  while (blocking.outcomes.length === 0) blocking.executor.wait(1000)
  other.executor.poll()
  assert.equal(other.outcomes.length, 1)
})

test('each database warns once if no worker can be started; a later one tries again', (context) => {
  let isBroken = true
  const { open } = setUp(context, (workerData, transferList) => {
    if (isBroken) throw new Error('no file')
    return fakeWorker(behaviours.answers)(workerData, transferList)
  })
  const [first, second] = [open(), open()]
  for (const database of [first, second, first, second]) {
    database.submit(10 + database.outcomes.length)
  }
  for (const { warnings, outcomes } of [first, second]) {
    assert.equal(warnings.length, 1)
    assert.equal(outcomes.length, 2)
  }
  const late = open()
  assert.deepEqual(late.warnings, [], 'it has no listener yet')
  late.submit()
  assert.equal(late.warnings.length, 1)
  for (const { executor } of [first, second, late]) void executor.close()
  isBroken = false
  const later = open()
  assert.ok(!later.executor.isInline)
  later.submit()
  while (later.outcomes.length === 0) later.executor.wait(1000)
  assert.deepEqual(later.warnings, [])
})
