import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { FileSystem } from '../../fs/file-system.js'
import type { StartWorker } from './worker-thread.js'

/**
 * The entry of the background thread lies beside this module, and beside a bundle that holds this module.
 * Bundlers have to be told: `varve/worker` is an entry of its own, named `varve-worker`.
 */
const workerNames = ['varve-worker.js', 'varve-worker.mjs', 'varve-worker.cjs']

/**
 * Starts workers from their file. It throws when there is none: Node tells that only in a turn of the
 * event loop, which a blocked caller does not give.
 */
export function nodeWorkerStarter(fs: FileSystem): StartWorker {
  return (workerData, transferList) =>
    new Worker(findWorkerFile(fs), { workerData, transferList, name: 'varve' })
}

function findWorkerFile(fs: FileSystem): string {
  // Not `import.meta.url`, in which webpack puts where the bundle was made. In CommonJS there is neither.
  const here = (import.meta.filename as string | undefined) ?? __filename
  const files = workerNames.map((name) => join(dirname(here), name))
  const file = files.find((candidate) => fs.exists(candidate))
  if (file !== undefined) return file
  throw new Error(
    `${files[0]} is missing; in a bundle, varve/worker has to be an entry of that name`,
  )
}
