import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { FileSystem } from '../../fs/file-system.js'
import type { StartWorker } from './worker-thread.js'

/**
 * The file of the background thread is next to this module, or next to a bundle that contains this
 * module. A bundler must build it as a separate entry: `varve/worker`, named `varve-worker`.
 */
const workerNames = ['varve-worker.js', 'varve-worker.mjs', 'varve-worker.cjs']

/**
 * Starts workers from their file. Throws if the file is missing, because Node reports that only in
 * a later turn of the event loop, which never comes while the caller blocks.
 */
export function nodeWorkerStarter(fs: FileSystem): StartWorker {
  return (workerData, transferList) =>
    new Worker(findWorkerFile(fs), { workerData, transferList, name: 'varve' })
}

function findWorkerFile(fs: FileSystem): string {
  // Not `import.meta.url`, which webpack replaces with a path of the build. CommonJS has neither.
  const here = (import.meta.filename as string | undefined) ?? __filename
  const files = workerNames.map((name) => join(dirname(here), name))
  const file = files.find((candidate) => fs.exists(candidate))
  if (file !== undefined) return file
  throw new Error(
    `${files[0]} is missing; in a bundle, varve/worker must be an entry with that name`,
  )
}
