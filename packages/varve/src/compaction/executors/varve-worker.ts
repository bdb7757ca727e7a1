import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.js'
import { nodeFileSystem } from '../../fs/node-file-system.js'
import { lowerThreadPriority } from '../../fs/node-thread-priority.js'
import { type BlockCodec, CodecRegistry } from '../../sstable/block/codec.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import { JobRotation } from './job-rotation.js'
import { maxPauseMs } from './rate-limiter.js'
import { WorkerJob } from './worker-job.js'
import {
  type JobMessage,
  PoolCell,
  WorkerCell,
  type WorkerMessage,
  type WorkerSetup,
  WorkerState,
} from './worker-protocol.js'

/**
 * The entry point of the background thread. Takes the jobs of all databases from its port and runs
 * them in turns; see JobRotation.
 */
const { port, poolCells, cells, codecModules, niceness } = workerData as WorkerSetup

/** Length of a turn of a job while others wait. */
const turnMs = 10

const rotation = new JobRotation<WorkerJob>()
/** The value of the mail cell when the port was last read. */
let seenMail = 0

// The owner may be sleeping and not be notified by Node.
process.on('exit', () => {
  Atomics.store(cells, WorkerCell.state, WorkerState.ended)
  wakeOwner()
})

// No top-level await, because CommonJS bundles cannot have one. A failure ends the thread.
void begin()

async function begin(): Promise<void> {
  lowerThreadPriority(niceness)
  const codecs = await loadCodecs(codecModules)
  const accept = (message: JobMessage): void => {
    const { id, directory } = message
    const store = new LocalTableStore(nodeFileSystem, directory)
    const environment = { store, codecs, clock: systemClock }
    rotation.add(new WorkerJob(message, environment, (readEntries) => send({ id, readEntries })))
  }
  port.on('message', (message: JobMessage) => {
    accept(message)
    runAll(accept)
  })
  reportMemory()
  Atomics.store(cells, WorkerCell.state, WorkerState.ready)
}

function runAll(accept: (message: JobMessage) => void): void {
  while (rotation.size > 0) {
    takeMail(accept)
    for (const job of rotation.filter(({ isAborted }) => isAborted)) runStep(job)
    const job = rotation.next()
    if (job !== undefined) runTurn(job)
    else if (rotation.size > 0) pause()
  }
}

function takeMail(accept: (message: JobMessage) => void): void {
  const mail = Atomics.load(cells, WorkerCell.mail)
  if (mail === seenMail) return
  seenMail = mail
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: JobMessage } | undefined
    if (received === undefined) return
    accept(received.message)
  }
}

/**
 * Runs until the job has ended or is held back, mail has arrived, or the turn is over and others
 * wait.
 */
function runTurn(job: WorkerJob): void {
  const endMs = systemClock.monotonicMs() + turnMs
  do {
    if (runStep(job) || job.owedMs() > 0) return
    if (Atomics.load(cells, WorkerCell.mail) !== seenMail) return
  } while (rotation.size === 1 || systemClock.monotonicMs() < endMs)
}

/** Returns true if the job has ended. */
function runStep(job: WorkerJob): boolean {
  Atomics.add(cells, WorkerCell.heartbeat, 1)
  Atomics.store(cells, WorkerCell.currentJob, job.id)
  const outcome = job.step()
  Atomics.store(cells, WorkerCell.currentJob, 0)
  if (outcome === undefined) return false
  rotation.remove(job)
  reportMemory()
  send({ id: job.id, outcome })
  wakeOwner()
  return true
}

/**
 * Sleeps until mail arrives. Wakes up at intervals, because aborting a single job sends no mail.
 */
function pause(): void {
  Atomics.add(cells, WorkerCell.heartbeat, 1)
  Atomics.wait(cells, WorkerCell.mail, seenMail, Math.min(rotation.pauseMs(), maxPauseMs))
}

/** Shared memory, such as the memtables that it reads, is not its own. */
function reportMemory(): void {
  const { heapTotal, external } = process.memoryUsage()
  Atomics.store(cells, WorkerCell.memoryKiB, Math.ceil((heapTotal + external) / 1024))
}

function send(message: WorkerMessage): void {
  port.postMessage(message)
}

function wakeOwner(): void {
  Atomics.add(poolCells, PoolCell.endings, 1)
  Atomics.notify(poolCells, PoolCell.endings)
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
