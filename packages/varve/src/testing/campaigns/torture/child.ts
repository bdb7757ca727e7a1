// `child.js <directory> <seed>`: performs the writes of its seed until it is killed. For each
// acknowledged write it prints the number of the writer as one byte, to a pipe that outlives it.
import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Prng } from '../../../base/prng.js'
import { type BinaryDatabase, bytes, openBinary, operationsOf } from '../../harness/comparison.js'
import { toBytes, type Write } from '../../kit/oracle.js'
import { drawCycle, encodeNote, maxUnderWay, noteKeyOf, writerCount, writesOf } from './script.js'

const [directory, seedText] = process.argv.slice(2)
const seed = Number(seedText)
const { options } = drawCycle(seed)
const db = await openBinary(directory, options)
const pause = new Int32Array(new SharedArrayBuffer(4))
const acknowledged = Array.from({ length: writerCount }, () => 0)
const writers = Array.from({ length: writerCount }, (_, writer) => write(db, writer))
await Promise.all([...writers, compact(db)])

async function write(db: BinaryDatabase, writer: number): Promise<never> {
  const random = new Prng(~seed + writer)
  const script = writesOf(seed, writer)
  const begin = (blocking: boolean): Promise<void> => {
    const { value: writes } = script.next()
    const note = encodeNote(seed, acknowledged)
    const sync = random.chance(0.05)
    const [first] = writes
    // A batch cannot contain a clear, so a clear has no note.
    if (first.type === 'clear') return db.clear(toBytes(first.range), { sync })
    const operations = operationsOf([
      ...writes,
      { type: 'put', key: noteKeyOf(writer), value: note } satisfies Write,
    ])
    if (!blocking) return db.batch(operations, { sync })
    db.batchSync(operations, { sync })
    return Promise.resolve()
  }
  for (;;) {
    const isBlocking = random.chance(0.1)
    const count = isBlocking ? 1 : random.between(1, maxUnderWay)
    const underWay = Array.from({ length: count }, () => begin(isBlocking))
    // In order: a write without effect, such as clearing an empty range, settles before the others.
    for (const write of underWay) {
      await write
      acknowledged[writer]++
      tell(writer)
    }
    if (random.chance(0.2)) await setImmediate()
  }
}

/** Retries while the pipe is full because its reader is slower. */
function tell(writer: number): void {
  for (;;) {
    try {
      writeSync(1, Buffer.of(writer))
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 1)
    }
  }
}

async function compact(db: BinaryDatabase): Promise<never> {
  const random = new Prng(seed)
  for (;;) {
    for (let turns = random.between(50, 500); turns > 0; turns--) await setImmediate()
    if (random.chance(0.5)) await db.flush()
    else await db.compact(random.chance(0.5) ? {} : { gte: bytes('w1'), lt: bytes('w3') })
  }
}
