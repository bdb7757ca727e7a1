import assert from 'node:assert/strict'
import { Prng } from '../../../base/prng.js'
import { VarveError } from '../../../base/errors.js'
import type { OpenOptions } from '../../../db/api.js'
import type { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { dump } from '../../../tools/dump/dump.js'
import { repair } from '../../../tools/repair/repair.js'
import { drawMoment, expiringSample } from '../../harness/expiring-sample.js'
import { copyOf, type Sample, sampleDatabase, samplePath } from '../../harness/sample-database.js'
import { keyspaceSample } from '../../harness/keyspace-sample.js'
import { modelKeyspaces } from '../../harness/keyspace-shape.js'
import { Stores } from '../../harness/stores.js'
import { verify } from '../../../tools/verify/verify.js'
import { type BinaryDatabase, openBinary } from '../../harness/binary-stores.js'
import { passingClock } from '../../kit/passing-clock.js'
import { mutateDirectory } from './mutate-directory.js'
import type { FuzzTarget } from './target.js'

const sampleSeeds = [1, 2, 3, 4, 5, 6]
const sampleWrites = 200
const maxItems = 20_000

/** One of this many seeds changes a sample with several keyspaces. */
const seedsPerKeyspaceSeed = 16

/**
 * Seeds that once caused harm. Some KB expanded to millions of range deletes. A repair kept a table
 * and a MANIFEST with numbers too high for a successor, and left such a log to the next open. The
 * seeds keep their meaning as long as samples and mutations do not change.
 */
export const onceHarmful = [1183, 700_379, 702_263, 23_431, 24_380]

/**
 * Changes one or a few files of a directory and runs everything that reads directories on it.
 * The engine and the tools may throw only VarveErrors, and a repair must leave a sound database.
 * Samples of even seeds hold entries that expire, and some of odd ones several keyspaces.
 */
export const target: FuzzTarget = {
  name: 'directories',
  async prepare() {
    const options = { paranoid: false }
    const lasting = await Promise.all(
      sampleSeeds.map((seed) => sampleDatabase(seed, options, undefined, sampleWrites)),
    )
    const expiring = await Promise.all(
      sampleSeeds.map((seed) => expiringSample(seed, options, sampleWrites)),
    )
    const ofKeyspaces = await Promise.all(
      sampleSeeds.map((seed) => keyspaceSample(seed, sampleWrites)),
    )
    return (seed) => {
      const isKeyspaceSeed = seed % seedsPerKeyspaceSeed === 1
      return fuzzDirectory(isKeyspaceSeed ? ofKeyspaces : seed % 2 === 0 ? expiring : lasting, seed)
    }
  },
}

async function fuzzDirectory(samples: readonly Sample[], seed: number): Promise<void> {
  const random = new Prng(seed)
  const { fs, options } = random.pick(samples)
  const changed = copyOf({ fs })
  const told = mutateDirectory(changed, random)
  const paranoid = random.chance(0.3)
  const clock = passingClock(drawMoment(random))
  try {
    await readAll(changed, { ...options, paranoid, clock })
  } catch (cause) {
    throw new Error(`after a change: ${told}`, { cause })
  }
}

async function readAll(fs: MemoryFileSystem, options: OpenOptions): Promise<void> {
  const here = { ...options, fileSystem: fs }
  await tolerated(() => verify(samplePath, { fileSystem: fs }))
  for (const name of fs.list(samplePath)) {
    await tolerated(() => readThrough(dump(samplePath, name, { fileSystem: fs })))
  }
  await tolerated(() => read({ ...here, readOnly: true }))
  await tolerated(() => repairAndRead(copyOf({ fs }), options))
  await tolerated(() => readAndWrite({ ...here, fileSystem: copyOf({ fs }) }))
}

async function read(options: OpenOptions): Promise<void> {
  const db = await openBinary(samplePath, options)
  try {
    for (const reverse of [false, true]) {
      await tolerated(() => readThrough(db.entries({ reverse })))
    }
    for (const key of ['', '\0', 'user:0100', 'user:0250:name', 'zzz']) {
      await tolerated(() => void db.getSync(Buffer.from(`k${key}`)))
      await tolerated(() => db.get(Buffer.from(`user${key}`)))
    }
    await tolerated(() => readKeyspaces(db))
    db.stats()
    db.levels()
  } finally {
    await db.close()
  }
}

async function readAndWrite(options: OpenOptions): Promise<void> {
  const db = await openBinary(samplePath, options)
  try {
    for (let i = 0; i < 20; i++) await db.put(Buffer.from(`user:${i}`), Buffer.alloc(100))
    await tolerated(() => db.clear({ gte: Buffer.from('user:0100'), lt: Buffer.from('user:0200') }))
    await tolerated(() => db.flush())
    await tolerated(() => db.compact())
    await tolerated(() => readThrough(db.entries()))
  } finally {
    await tolerated(() => db.close())
  }
}

/** A repair either refuses, or leaves a sound database that opens and can be read in full. */
async function repairAndRead(fs: MemoryFileSystem, options: OpenOptions): Promise<void> {
  const report = await repair(samplePath, { fileSystem: fs, apply: true })
  if (report.after !== undefined) assert.deepEqual(report.after.problems, [], 'after the repair')
  if (!report.isNeeded) return
  const db = await openBinary(samplePath, { ...options, fileSystem: fs }).catch(
    (cause: unknown) => {
      throw new Error('the repaired database does not open', { cause })
    },
  )
  try {
    for (const entry of db.entries()) assert.equal(entry.length, 2)
    await readKeyspaces(db)
  } catch (cause) {
    throw new Error('the repaired database cannot be read', { cause })
  } finally {
    await db.close()
  }
}

/** Reads all keyspaces whose name a sample has, and that a change left with their encodings. */
async function readKeyspaces(db: BinaryDatabase): Promise<void> {
  const infos = new Map(db.keyspaces().map((info) => [info.name, info]))
  for (const [i, { name, valueEncoding }] of modelKeyspaces.entries()) {
    const info = infos.get(name)
    const value = valueEncoding?.name ?? 'binary'
    if (info?.keyEncoding !== 'binary' || info.valueEncoding !== value) continue
    const stores = new Stores(db, modelKeyspaces)
    await stores.open([i + 1])
    readThrough(stores.of(i + 1).entries())
  }
}

function readThrough(items: Iterable<unknown>): void {
  const iterator = items[Symbol.iterator]()
  for (let left = maxItems; left > 0 && iterator.next().done !== true; left--);
  iterator.return?.()
}

async function tolerated(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
  }
}
