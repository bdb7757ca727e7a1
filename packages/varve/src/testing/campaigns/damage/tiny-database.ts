import type { OpenOptions } from '../../../db/api.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { samplePath } from '../../harness/sample-database.js'
import { bytes, openBinary, operationsOf } from '../../harness/comparison.js'
import { Oracle, type OracleState, toBytes, type Write } from '../../kit/oracle.js'

export const tinyDatabaseOptions: OpenOptions = {
  background: 'inline',
  memtableBytes: 4096,
  tableBytes: 4096,
  blockBytes: 256,
  cacheBytes: 0,
  createIfMissing: false,
  compaction: { policy: 'leveled', l0Trigger: 8, baseBytes: 4096 },
}

/** A database small enough to damage every bit of it. */
export interface TinyDatabase {
  /** The files after `close`, which marks the ends of logs. */
  readonly closed: MemoryFileSystem
  /** The files after the process was killed instead. */
  readonly killed: MemoryFileSystem
  /** The state before the first write that only a log holds, and after each such write. */
  readonly states: readonly OracleState[]
}

/**
 * Puts, deletes and a range delete, in a table of the last level, a table of level 0, and a log.
 */
export async function tinyDatabase(): Promise<TinyDatabase> {
  const fs = new MemoryFileSystem()
  const db = await openBinary(samplePath, {
    ...tinyDatabaseOptions,
    createIfMissing: true,
    fileSystem: fs,
  })
  const oracle = new Oracle()
  const write = async (writes: readonly Write[]): Promise<void> => {
    const [first] = writes
    if (first.type === 'clear') await db.clear(toBytes(first.range))
    else db.batchSync(operationsOf(writes))
    oracle.write(writes)
  }
  for (const writes of lowestTable) await write(writes)
  await db.flush()
  await db.compact()
  for (const writes of upperTable) await write(writes)
  await db.flush()
  const states = [oracle.state]
  for (const writes of inLog) {
    await write(writes)
    states.push(oracle.state)
  }
  const killed = fs.processCrashClone()
  await db.close()
  return { closed: fs, killed, states }
}

const put = (key: string, value: string): Write => ({ type: 'put', key, value: bytes(value) })

const lowestTable: Write[][] = [
  [put('a', 'first'), put('b', ''), put('c', 'in the lowest table')],
  [put('d', 'overwritten'), put('e', 'cleared')],
]
const upperTable: Write[][] = [
  [put('d', 'newer')],
  [{ type: 'clear', range: { gte: 'e', lt: 'f' } }],
  [{ type: 'del', key: 'b' }],
]
const inLog: Write[][] = [
  [put('g', 'only in the log'), { type: 'del', key: 'a' }],
  [put('c', 'newest')],
]

/** Every key ever written to the tiny database. */
export const tinyKeys = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
