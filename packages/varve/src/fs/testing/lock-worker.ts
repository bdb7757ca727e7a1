// Acquires the lock of a directory on a worker thread, posts the result, and releases the lock on
// the next message.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { acquireDirectoryLock } from '../lock/directory-lock.js'
import { nodeFileSystem } from '../node-file-system.js'
import { nodeLockOwner } from '../lock/node-process-identity.js'

const port = parentPort!
try {
  const directory = workerData as string
  const lock = acquireDirectoryLock(nodeFileSystem, directory, systemClock, nodeLockOwner)
  port.once('message', () => {
    lock.release()
    port.postMessage('released')
  })
  port.postMessage('owned')
} catch (error) {
  port.postMessage(error instanceof VarveError ? `${error.code}: ${error.message}` : String(error))
}
