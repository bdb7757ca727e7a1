import { availableParallelism } from 'node:os'
import { type CancelTimer, type Clock, systemClock } from '../../base/clock.js'
import { nodeFileSystem } from '../../fs/node-file-system.js'
import { nodeWorkerStarter } from './node-worker.js'
import { WorkerGroup } from './worker-group.js'
import { PoolCell, poolCells, type WorkerKind } from './worker-protocol.js'
import { maxLookMs, type StartWorker } from './worker-thread.js'

/**
 * More workers would only take turns, because jobs wait for the processor more than for the disk.
 */
const maxWorkersPerCore = 4

interface PoolParts {
  readonly startWorker: StartWorker
  readonly clock: Clock
  readonly maxWorkers: number
}

/** A call to a database that is delayed while the thread is blocked for another one. */
interface Delivery {
  readonly databaseId: number
  readonly act: () => void
}

/**
 * The worker threads of all databases that one thread has open, grouped by kind. The process stays
 * alive while a job runs; idle workers do not keep it alive.
 *
 * Owned by: the thread, which has one, `sharedWorkerPool`; tests create their own. Lives: as long
 * as the thread.
 *
 * Invariant: while the thread is blocked for one database, nothing is delivered to another one. Its
 * listeners might use the database that is in the middle of a write. They are called in the next
 * turn of the event loop.
 */
export class WorkerPool {
  private readonly cells = new Int32Array(new SharedArrayBuffer(poolCells * 4))
  private readonly groups = new Map<string, WorkerGroup>()
  private lastDatabaseId = 0
  private cancelLook: CancelTimer | undefined
  /** The database on whose behalf the thread is blocked. */
  private blockedFor: number | undefined
  private readonly deliveries: Delivery[] = []

  constructor(private readonly parts: PoolParts) {}

  newDatabaseId(): number {
    return ++this.lastDatabaseId
  }

  group(kind: WorkerKind): WorkerGroup {
    const key = JSON.stringify([kind.niceness, kind.codecModules])
    const found = this.groups.get(key)
    if (found !== undefined) return found
    const { startWorker, clock, maxWorkers } = this.parts
    const group = new WorkerGroup({
      kind,
      poolCells: this.cells,
      startWorker,
      clock,
      maxWorkers,
      deliver: (databaseId, act) => this.deliver(databaseId, act),
      onEmpty: () => {
        if (this.groups.get(key) === group) this.groups.delete(key)
      },
    })
    this.groups.set(key, group)
    return group
  }

  /** Delivers the messages that have arrived for one database. */
  poll(databaseId: number): void {
    this.blocked(databaseId, () => this.receive(databaseId))
  }

  /** Blocks the thread until a job or a worker ends or the timeout expires, then polls. */
  wait(databaseId: number, timeoutMs: number, isOver: () => boolean): void {
    const { cells } = this
    const before = Atomics.load(cells, PoolCell.endings)
    this.poll(databaseId)
    if (!isOver()) Atomics.wait(cells, PoolCell.endings, before, timeoutMs)
    this.poll(databaseId)
    this.blocked(databaseId, () => this.look())
  }

  /** Checks for lost workers at intervals, as long as there are jobs. */
  lookLater(): void {
    this.cancelLook ??= this.parts.clock.after(maxLookMs, () => {
      this.cancelLook = undefined
      this.look()
      if (this.workers().some((worker) => worker.jobCount > 0)) this.lookLater()
    })
  }

  /** Ends all workers. Requires: no job is needed any more. */
  async close(): Promise<void> {
    this.cancelLook?.()
    await Promise.all(this.workers().map((worker) => worker.close()))
  }

  private blocked(databaseId: number, act: () => void): void {
    const outer = this.blockedFor
    this.blockedFor = databaseId
    try {
      act()
    } finally {
      this.blockedFor = outer
    }
  }

  private receive(databaseId: number): void {
    this.catchUp(databaseId)
    for (const worker of this.workers()) worker.poll()
  }

  private deliver(databaseId: number, act: () => void): void {
    const { blockedFor } = this
    if (blockedFor === undefined || blockedFor === databaseId) {
      this.catchUp(databaseId)
      act()
      return
    }
    this.deliveries.push({ databaseId, act })
    this.parts.clock.nextTurn(() => this.catchUp(databaseId))
  }

  /** Makes the delayed calls to a database, in order. */
  private catchUp(databaseId: number): void {
    const isOwn = (delivery: Delivery): boolean => delivery.databaseId === databaseId
    for (let i = this.deliveries.findIndex(isOwn); i !== -1; i = this.deliveries.findIndex(isOwn)) {
      this.deliveries.splice(i, 1)[0].act()
    }
  }

  private look(): void {
    for (const worker of this.workers()) worker.look()
  }

  /** All workers, as a copy, because a lost worker leaves its group. */
  private workers() {
    return [...this.groups.values()].flatMap((group) => group.workers)
  }
}

export const sharedWorkerPool = new WorkerPool({
  startWorker: nodeWorkerStarter(nodeFileSystem),
  clock: systemClock,
  maxWorkers: maxWorkersPerCore * availableParallelism(),
})
