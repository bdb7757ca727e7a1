// `injected-child.js <directory>`: writes synchronously and reports the outcome of each write. It
// runs under strace, which makes system calls fail. One thread makes all calls, because strace
// counts them per thread.
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { VarveError } from '../../../base/errors.js'
import { type BinaryDatabase, bytes, openBinary } from '../../harness/comparison.js'
import { injectedOptions, keyOfWrite, valueOfWrite, writeCount } from './injected-writes.js'

const tell = (line: string): void => void writeSync(1, `${line}\n`)

function run(db: BinaryDatabase): void {
  let lastAcknowledged = -1
  for (let i = 0; i < writeCount; i++) {
    try {
      db.putSync(bytes(keyOfWrite(i)), valueOfWrite(i))
      lastAcknowledged = i
      tell(`acknowledged ${i}`)
    } catch (error) {
      tell(`refused ${i} ${codeOf(error)}`)
    }
    if (lastAcknowledged >= 0) {
      const value = db.getSync(bytes(keyOfWrite(lastAcknowledged)))
      assert.ok(value !== undefined && valueOfWrite(lastAcknowledged).equals(value), 'reads go on')
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof VarveError) return error.code
  throw error
}

try {
  run(await openBinary(process.argv[2], injectedOptions))
} catch (error) {
  tell(`open ${codeOf(error)}`)
}
// Exits without close: acknowledged writes must survive.
process.exit(0)
