import { Prng } from '../../base/prng.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { toBytes } from '../kit/oracle.js'
import { fullScale, Workload } from '../kit/workload.js'
import { openBinary } from './binary-stores.js'
import { modelKeyspaces } from './keyspace-shape.js'
import { type Sample, samplePath, tinyOptions } from './sample-database.js'
import { keyspacesIn, Stores } from './stores.js'

/** A sample with several keyspaces. Some were dropped and created again, and one is gone. */
export async function keyspaceSample(seed: number, writeCount: number): Promise<Sample> {
  const random = new Prng(seed)
  const fs = new MemoryFileSystem()
  const options = { ...tinyOptions, fileSystem: fs }
  const workload = new Workload(random, fullScale, undefined, modelKeyspaces)
  const db = await openBinary(samplePath, options)
  const stores = new Stores(db, modelKeyspaces)
  await stores.open(stores.all)
  for (let i = 0; i < writeCount; i++) {
    const writes = workload.writes()
    await stores.open(keyspacesIn(writes))
    const [first] = writes
    if (first.type === 'clear') await stores.of(first.keyspace).clear(toBytes(first.range))
    else db.batchSync(stores.operationsOf(writes), { sync: random.chance(0.05) })
    if (random.chance(0.02)) await db.flush()
    if (random.chance(0.02)) await stores.of(first.keyspace).flush()
    if (random.chance(0.02)) {
      const dropped = random.between(1, modelKeyspaces.length)
      if (stores.isOpen(dropped)) await stores.drop(dropped)
    }
  }
  const gone = random.between(1, modelKeyspaces.length)
  if (stores.isOpen(gone)) await stores.drop(gone)
  await db.close()
  return { fs, options }
}
