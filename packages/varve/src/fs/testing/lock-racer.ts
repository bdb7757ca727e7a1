// One of many processes that compete for the lock of a directory: `lock-racer.js <directory>
// <die|release>`. The owner creates a file that must not exist, to prove that it is the only one.
// It then releases the lock or ends without releasing it. Prints "won"; exits with 1 if another
// process owned the lock.
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
  throw new Error('could not get the lock')
}
