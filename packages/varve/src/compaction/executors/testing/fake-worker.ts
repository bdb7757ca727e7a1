import assert from 'node:assert/strict'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../../base/clock.js'
import { ValueKind } from '../../../key/value-kind.js'
import { MemTable } from '../../../memtable/memtable.js'
import type { FlushRequest } from '../../jobs/job-request.js'
import type { StartWorker } from '../worker-thread.js'

/** What a worker does when it receives a job. */
export const behaviours = {
  answers: `
    port.postMessage({ id, outcome: { ok: true, result: { outputs: [] } } })
    wakeOwner()`,
  /** The same, after the jobs that were sent together have arrived. */
  answersLater: `
    setTimeout(() => {
      port.postMessage({ id, outcome: { ok: true, result: { outputs: [] } } })
      wakeOwner()
    }, 200)`,
  exits: `process.exit()`,
  /** Only in the job with file number 666. */
  exitsAtFault: `
    Atomics.store(cells, 3, id)
    if (request.firstFileNumber === 666) process.exit()
    Atomics.store(cells, 3, 0)`,
  hangs: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
}

/** A worker that follows the protocol, except for the way it handles a job. */
export function fakeWorker(behaviour: string): StartWorker {
  const code = `
    const { port, poolCells, cells } = require('node:worker_threads').workerData
    const wakeOwner = () => {
      Atomics.add(poolCells, 0, 1)
      Atomics.notify(poolCells, 0)
    }
    process.on('exit', () => {
      Atomics.store(cells, 0, 2)
      wakeOwner()
    })
    port.on('message', ({ id, request }) => { ${behaviour} })
    Atomics.store(cells, 4, 100)
    Atomics.store(cells, 0, 1)`
  return (workerData, transferList) => new Worker(code, { eval: true, workerData, transferList })
}

export function flushRequest(firstFileNumber = 10): FlushRequest {
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
    firstFileNumber,
    fileNumberCount: 1,
  }
}

export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 30_000, `timed out waiting for ${condition.toString()}`)
    await new Promise<void>((resolve) => systemClock.awaited(1, resolve))
  }
}
