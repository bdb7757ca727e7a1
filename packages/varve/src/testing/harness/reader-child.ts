// `reader-child.js <directory>`: reads a database beside its owner until it is killed. Prints
// "ready" once the database is open.
import { open } from '../../index.js'

const db = await open(process.argv[2], { readOnly: true, memtableBytes: 64 * 1024 })
const snapshot = db.snapshot()
process.stdout.write('ready\n')
process.stdin.on('data', () => {
  // The snapshot must stay readable through all changes by the owner.
  process.stdout.write(`${[...snapshot.keys()].length}\n`)
})
