import { Prng } from '../../base/prng.js'
import type { OpenOptions } from '../../db/api.js'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { type BinaryDatabase, openBinary, operationsOf } from './comparison.js'
import { toBytes } from '../kit/oracle.js'
import { fullScale, Workload, type WorkloadScale } from '../kit/workload.js'

export const samplePath = '/db'

/** Sizes so small that a few hundred writes fill several levels. */
export const tinyOptions: OpenOptions = {
  background: 'inline',
  memtableBytes: 64 * 1024,
  tableBytes: 64 * 1024,
  blockBytes: 512,
  cacheBytes: 0,
  compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 64 * 1024, sizeRatio: 2 },
}

export interface Sample {
  readonly fs: MemoryFileSystem
  readonly options: OpenOptions
}

/** A closed database with tables on several levels and unflushed writes in its log. */
export async function sampleDatabase(
  seed: number,
  given: OpenOptions = {},
  wrap: (fs: MemoryFileSystem) => FileSystem = (fs) => fs,
  writeCount?: number,
  scale: WorkloadScale = fullScale,
): Promise<Sample> {
  const random = new Prng(seed)
  const fs = new MemoryFileSystem()
  const options: OpenOptions = {
    ...tinyOptions,
    codec: random.pick(['none', 'lz4', 'lz4hc', 'deflate']),
    filterBitsPerKey: random.pick([0, 10]),
    durability: random.pick(['os', 'sync']),
    ...given,
    fileSystem: wrap(fs),
  }
  const workload = new Workload(random, scale)
  let db = await openBinary(samplePath, options)
  const writes = writeCount ?? random.between(300, 600)
  for (let i = 0; i < writes; i++) {
    await writeSome(db, workload, random)
    if (random.chance(0.004)) await db.flush()
    if (!random.chance(0.004)) continue
    await db.close()
    db = await openBinary(samplePath, options)
  }
  await db.close()
  return { fs, options }
}

async function writeSome(db: BinaryDatabase, workload: Workload, random: Prng): Promise<void> {
  const writes = workload.writes()
  const [first] = writes
  if (first.type === 'clear') await db.clear(toBytes(first.range))
  else db.batchSync(operationsOf(writes), { sync: random.chance(0.05) })
}

/** An independent, fully durable copy of the files, which a test can damage. */
export function copyOf({ fs }: Pick<Sample, 'fs'>): MemoryFileSystem {
  return fs.crashClone({ unsynced: 'all', prng: new Prng(1), sectorBytes: 512 })
}

export function readBytes(fs: FileSystem, name: string): Buffer {
  const file = fs.openForRead(`${samplePath}/${name}`)
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

export function replaceBytes(fs: FileSystem, name: string, bytes: Uint8Array): void {
  const path = `${samplePath}/${name}`
  if (fs.exists(path)) fs.remove(path)
  const file = fs.create(path)
  file.append(bytes, 0, bytes.length)
  file.sync()
  file.close()
}
