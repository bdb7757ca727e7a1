import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { systemClock } from '../base/clock.js'
import { VarveError } from '../base/errors.js'
import { nodeFileSystem } from '../fs/node-file-system.js'
import { type BlockCodec, CodecRegistry } from '../sstable/codec.js'
import { RateLimiter } from './rate-limiter.js'
import { type JobEnvironment, runJob } from './run-job.js'
import {
  ControlCell,
  type JobMessage,
  type OutcomeMessage,
  type WorkerSetup,
} from './worker-protocol.js'

/**
 * Entry of the background thread: takes jobs from its port and runs one at a time, except that a merge
 * steps aside for a flush that arrives while it runs, since writers may be waiting for that.
 */
const { port, control, directory, codecModules, bytesPerSecond, rateCells } =
  workerData as WorkerSetup

const limiter = new RateLimiter(systemClock, bytesPerSecond, rateCells)
/** Jobs taken from the port by a merge that looked for a flush; they run after it. */
const waiting: JobMessage[] = []
let flushing = false

const codecs = await loadCodecs(codecModules)

const environment: JobEnvironment = {
  fs: nodeFileSystem,
  directory,
  codecs,
  clock: systemClock,
  checkpoint(writtenBytes) {
    stepAside()
    limiter.pay(writtenBytes, flushing, stepAside)
  },
}

port.on('message', (message: JobMessage) => {
  run(message)
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) run(next)
})

function stepAside(): void {
  if (Atomics.load(control, ControlCell.aborted) !== 0) {
    throw new VarveError('ABORTED', 'the job was given up since the database closes')
  }
  if (!flushing && Atomics.load(control, ControlCell.pendingFlushes) > 0) runWaitingFlush()
}

function runWaitingFlush(): void {
  const received = receiveMessageOnPort(port) as { message: JobMessage } | undefined
  if (received === undefined) return
  if (received.message.request.kind === 'flush') run(received.message)
  else waiting.push(received.message)
}

function run({ id, request }: JobMessage): void {
  const isFlush = request.kind === 'flush'
  const outer = flushing
  flushing = isFlush
  const outcome = runJob(request, environment)
  flushing = outer
  if (isFlush) Atomics.sub(control, ControlCell.pendingFlushes, 1)
  port.postMessage({ id, outcome } satisfies OutcomeMessage)
  Atomics.add(control, ControlCell.finishedJobs, 1)
  Atomics.notify(control, ControlCell.finishedJobs)
}

async function loadCodecs(modules: readonly string[]): Promise<CodecRegistry> {
  const loaded: BlockCodec[] = []
  for (const specifier of modules) {
    const module = (await import(specifier)) as { codec?: BlockCodec }
    if (module.codec === undefined) throw new Error(`${specifier} has no export named 'codec'`)
    loaded.push(module.codec)
  }
  return new CodecRegistry(loaded)
}
