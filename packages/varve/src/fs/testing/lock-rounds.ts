// Competes for the lock of a directory repeatedly: `lock-rounds.js <directory> <rounds>`. In each
// round it waits for the file `go-<round>`, tries once, and prints "won", "locked" or the error.
// The winner creates a file that must not exist, to prove that no other process won. It keeps the
// lock until `end-<round>` exists.
import { join } from 'node:path'
import { systemClock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { acquireDirectoryLock } from '../lock/directory-lock.js'
import { nodeFileSystem as fs } from '../node-file-system.js'
import { nodeLockOwner } from '../lock/node-process-identity.js'

const [directory, rounds] = process.argv.slice(2)
const database = join(directory, 'db')

function waitFor(name: string): void {
  while (!fs.exists(join(directory, name))) systemClock.sleepSync(1)
}

function say(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()))
}

async function race(round: number): Promise<void> {
  waitFor(`go-${round}`)
  try {
    const lock = acquireDirectoryLock(fs, database, systemClock, nodeLockOwner)
    fs.create(join(directory, 'owned')).close()
    await say('won')
    waitFor(`end-${round}`)
    fs.remove(join(directory, 'owned'))
    lock.release()
  } catch (error) {
    const isLocked = error instanceof VarveError && error.code === 'LOCKED'
    await say(isLocked ? 'locked' : String(error))
  }
}

await say('ready')
for (let round = 0; round < Number(rounds); round++) await race(round)
