// One of many processes that race for the lock of a directory: `lock-racer.js <directory> <die|release>`.
// Once it owns the lock it proves that nobody else does, by creating a file that must not exist, and
// then either releases the lock or dies with it. Prints "won"; exits 1 when it was not alone.
import { join } from 'node:path'
import { systemClock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { acquireDirectoryLock, type DirectoryLock } from '../lock/directory-lock.js'
import { nodeFileSystem } from '../node-file-system.js'
import { nodeLockOwner } from '../lock/node-process-identity.js'

const [directory, end] = process.argv.slice(2)
const proof = join(directory, 'owned')
const maxAttempts = 10_000

process.stdout.write('ready\n')
while (!nodeFileSystem.exists(join(directory, 'go'))) systemClock.sleepSync(1)

const lock = acquirePatiently()
nodeFileSystem.create(proof).close()
systemClock.sleepSync(3)
nodeFileSystem.remove(proof)
process.stdout.write('won\n', () => {
  if (end === 'die') process.kill(process.pid, 'SIGKILL')
  else lock.release()
})

function acquirePatiently(): DirectoryLock {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      return acquireDirectoryLock(nodeFileSystem, directory, systemClock, nodeLockOwner)
    } catch (error) {
      if (!(error instanceof VarveError && error.code === 'LOCKED')) throw error
      systemClock.sleepSync(1)
    }
  }
  throw new Error('never got the lock')
}
