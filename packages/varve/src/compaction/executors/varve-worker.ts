import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.js'
import { nodeFileSystem } from '../../fs/node-file-system.js'
import { lowerThreadPriority } from '../../fs/node-thread-priority.js'
import { type BlockCodec, CodecRegistry } from '../../sstable/block/codec.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import { abortedError, ProgressMeter } from '../jobs/job-watch.js'
import { RateLimiter } from './rate-limiter.js'
import { type JobEnvironment, runJob } from '../jobs/run-job.js'
import {
  ControlCell,
  type JobMessage,
  WorkerCell,
  type WorkerMessage,
  type WorkerSetup,
  WorkerState,
} from './worker-protocol.js'

/**
 * Entry of the background thread: takes jobs from its port and runs one at a time, except that a
 * merge steps aside for a flush that arrives while it runs, since writers may be waiting for that.
 */
const { port, control, cells, directory, codecModules, bytesPerSecond, rateCells, niceness } =
  workerData as WorkerSetup

interface RunningJob {
  readonly isFlush: boolean
  readonly abortCell: Int32Array
  readonly meter: ProgressMeter | undefined
}

const limiter = new RateLimiter(systemClock, bytesPerSecond, rateCells)
/** Jobs taken from the port by a merge that looked for a flush; they run after it. */
const waiting: JobMessage[] = []
let current: RunningJob | undefined

// The owner may be asleep, and not hear it from Node.
process.on('exit', () => {
  Atomics.store(cells, WorkerCell.state, WorkerState.ended)
  wakeOwner()
})

let environment: JobEnvironment
// No top-level await: a bundle in CommonJS cannot have one. A failure ends the thread.
void begin()

async function begin(): Promise<void> {
  lowerThreadPriority(niceness)
  environment = {
    store: new LocalTableStore(nodeFileSystem, directory),
    codecs: await loadCodecs(codecModules),
    clock: systemClock,
    checkpoint(writtenBytes, readEntries) {
      current?.meter?.add(readEntries)
      stepAside()
      limiter.pay(writtenBytes, current?.isFlush ?? false, stepAside)
    },
  }
  port.on('message', (message: JobMessage) => {
    run(message)
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) run(next)
  })
  Atomics.store(cells, WorkerCell.state, WorkerState.ready)
}

/** What a running job does now and then besides its work. */
function stepAside(): void {
  Atomics.add(cells, WorkerCell.heartbeat, 1)
  const isAborted = current !== undefined && Atomics.load(current.abortCell, 0) !== 0
  if (isAborted || Atomics.load(control, ControlCell.aborted) !== 0) throw abortedError()
  const isFlush = current?.isFlush ?? false
  if (!isFlush && Atomics.load(control, ControlCell.pendingFlushes) > 0) runWaitingFlush()
}

function runWaitingFlush(): void {
  const received = receiveMessageOnPort(port) as { message: JobMessage } | undefined
  if (received === undefined) return
  if (received.message.request.kind === 'flush') run(received.message)
  else waiting.push(received.message)
}

function run({ id, request, abortCell, tellsProgress }: JobMessage): void {
  const isFlush = request.kind === 'flush'
  const tell = (readEntries: number): void => send({ id, readEntries })
  const meter = tellsProgress ? new ProgressMeter(systemClock, tell) : undefined
  const outer = current
  current = { isFlush, abortCell, meter }
  Atomics.add(cells, WorkerCell.heartbeat, 1)
  const outcome = runJob(request, environment)
  current = outer
  send({ id, outcome })
  wakeOwner()
}

function send(message: WorkerMessage): void {
  port.postMessage(message)
}

function wakeOwner(): void {
  Atomics.add(control, ControlCell.endings, 1)
  Atomics.notify(control, ControlCell.endings)
}

async function loadCodecs(modules: readonly string[]): Promise<CodecRegistry> {
  const loaded: BlockCodec[] = []
  for (const specifier of modules) {
    const module = (await import(/* webpackIgnore: true */ specifier)) as { codec?: BlockCodec }
    if (module.codec === undefined) throw new Error(`${specifier} has no export named 'codec'`)
    loaded.push(module.codec)
  }
  return new CodecRegistry(loaded)
}
