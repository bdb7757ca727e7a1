// `kill-child.js <directory> <seed> <durability>`: performs the writes of its seed until it is
// killed. After each acknowledged write it prints the number of acknowledged writes as one line.
import { writeSync } from 'node:fs'
import { Prng } from '../../base/prng.js'
import type { Durability, OpenOptions } from '../../db/api.js'
import { type BinaryDatabase, openBinary, operationsOf } from './comparison.js'
import { toBytes, type Write } from '../kit/oracle.js'
import { Workload } from '../kit/workload.js'

/** The maximum number of pending writes. */
export const maxUnacknowledged = 8

export function killOptions(durability: Durability): OpenOptions {
  return {
    durability,
    memtableBytes: 64 * 1024,
    tableBytes: 64 * 1024,
    compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 64 * 1024, sizeRatio: 3 },
  }
}

/** The endless sequence of a child's writes. */
export function* writesFor(seed: number): Generator<Write[], never> {
  const workload = new Workload(new Prng(seed))
  for (;;) yield workload.writes()
}

function begin(db: BinaryDatabase, writes: readonly Write[]): Promise<void> {
  const [first] = writes
  return first.type === 'clear' ? db.clear(toBytes(first.range)) : db.batch(operationsOf(writes))
}

async function run(directory: string, seed: number, durability: 'os' | 'sync'): Promise<never> {
  const db = await openBinary(directory, killOptions(durability))
  const writes = writesFor(seed)
  const random = new Prng(~seed)
  let acknowledged = 0
  const acknowledge = (): void => void writeSync(1, `${++acknowledged}\n`)
  for (;;) {
    if (random.chance(0.3)) {
      const { value } = writes.next()
      if (value[0].type === 'clear') await begin(db, value)
      else db.batchSync(operationsOf(value))
      acknowledge()
      continue
    }
    const count = random.between(1, maxUnacknowledged)
    const begun = Array.from({ length: count }, () => begin(db, writes.next().value))
    // In order: a write without effect, such as clearing an empty range, settles before the others.
    for (const write of begun) {
      await write
      acknowledge()
    }
    if (random.chance(0.01)) void db.compact()
  }
}

const [directory, seed, durability] = process.argv.slice(2)
if (process.argv[1].endsWith('kill-child.js')) {
  await run(directory, Number(seed), durability as 'os' | 'sync')
}
