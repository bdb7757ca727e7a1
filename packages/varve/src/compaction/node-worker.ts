import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FileSystem } from '../fs/file-system.js'
import type { StartWorker } from './worker-thread.js'

/** The entry of the background thread lies beside this module, and beside a bundle that holds this module. */
const workerNames = ['varve-worker.js', 'varve-worker.mjs', 'varve-worker.cjs']

/**
 * Starts workers from their file. It throws when the file is missing: Node tells that only in a turn of
 * the event loop, which a blocked caller does not give.
 *
 * webpack makes a chunk of the worker because of the expression `new Worker(new URL(…))` below, and puts
 * into `import.meta.url` where this module was when it was bundled. Other bundlers have to be given
 * `varve/worker` as an entry named `varve-worker`.
 */
export function nodeWorkerStarter(fs: FileSystem): StartWorker {
  return (workerData, transferList) => {
    const settings = { workerData, transferList, name: 'varve' }
    const here = urlOfThisFile()
    if (here.protocol === 'file:' && fs.exists(fileURLToPath(here))) {
      return new Worker(fileBeside(here, fs), settings)
    }
    return new Worker(new URL('./varve-worker.js', import.meta.url), settings)
  }
}

/** Without `import.meta.url` it is part of a bundle in CommonJS, or of an executable. */
function urlOfThisFile(): URL {
  const url = import.meta.url as string | undefined
  return url === undefined ? pathToFileURL(__filename) : new URL(url)
}

function fileBeside(here: URL, fs: FileSystem): URL {
  const files = workerNames.map((name) => new URL(name, here))
  const file = files.find((candidate) => fs.exists(fileURLToPath(candidate)))
  if (file === undefined) throw new Error(`${fileURLToPath(files[0])} is missing`)
  return file
}
