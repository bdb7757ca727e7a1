// Reads a database beside its owner until it is killed: `reader-child.js <directory>`. Says "ready" once
// it has it open.
import { open } from '../../index.js'

const db = await open(process.argv[2], { readOnly: true, memtableBytes: 64 * 1024 })
const snapshot = db.snapshot()
process.stdout.write('ready\n')
process.stdin.on('data', () => {
  // Whatever the owner has done meanwhile.
  process.stdout.write(`${[...snapshot.keys()].length}\n`)
})
