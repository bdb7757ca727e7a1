import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Prng } from '../../../base/prng.js'
import type { OpenOptions } from '../../../db/api.js'
import type { BinaryDatabase } from '../../harness/comparison.js'
import { baseMiB, budgetMiB, type Limit } from './limit.js'
import { openBinary, VarveError } from './published.js'
import { seeds } from '../../../base/testing/seed.js'

/** Closes a database during all kinds of work. Every promise settles, and no write is lost. */
export const closing: Limit = {
  size: { small: 12, full: 1000 },
  maxMiB: () => baseMiB + 2 * budgetMiB,
  async run(directory, size) {
    for (const seed of seeds(size)) {
      const random = new Prng(seed)
      try {
        await closeAmidst(directory, random)
      } catch (cause) {
        throw new Error(`failed with VARVE_SEED=${seed}`, { cause })
      }
      if (random.chance(0.2)) rmSync(directory, { recursive: true })
    }
  },
}

/** Codes with which operations may fail when the database closes. */
const refusals: ReadonlySet<string> = new Set(['CLOSED', 'ABORTED'])

async function closeAmidst(directory: string, random: Prng): Promise<void> {
  const options: OpenOptions = {
    memtableBytes: 16 * 1024,
    tableBytes: 16 * 1024,
    background: random.pick(['inline', 'thread', { threads: 2 }] as const),
    durability: random.pick(['os', 'sync', { intervalMs: 1 }] as const),
    compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 32 * 1024 },
  }
  const db = await openBinary(directory, options)
  const acknowledged = new Map<string, string>()
  /** The values put under each key, in the order of the calls. */
  const begun = new Map<string, string[]>()
  const settled: Promise<void>[] = []
  const begin = (work: Promise<unknown>, onDone = (): void => {}): void => {
    settled.push(work.then(onDone, requireRefusal))
  }
  const count = random.between(50, 400)
  const closesAfter = random.below(count)
  let closed: Promise<void> | undefined
  for (let i = 0; i < count; i++) {
    if (i === closesAfter) closed = db.close()
    const [key, value] = [`k${random.below(200)}`, `${i}:${'v'.repeat(random.below(500))}`]
    const kind = random.below(12)
    if (kind < 7) {
      begun.set(key, [...(begun.get(key) ?? []), value])
      const sync = random.chance(0.1)
      // Writes to one key settle in order, so the map keeps the last acknowledged value.
      begin(db.put(Buffer.from(key), Buffer.from(value), { sync }), () => {
        acknowledged.set(key, value)
      })
    } else begin(otherWork(db, random))
    if (random.chance(0.05)) await setImmediate()
  }
  await (closed ?? db.close())
  await Promise.all(settled)
  await requireAcknowledged(directory, options, acknowledged, begun)
}

function otherWork(db: BinaryDatabase, random: Prng): Promise<unknown> {
  const key = Buffer.from(`k${random.below(200)}`)
  switch (random.below(6)) {
    case 0:
      return db.flush()
    case 1:
      return db.compact()
    case 2:
      return db.get(key)
    case 3:
      return db.getMany([key, Buffer.from('k1')])
    case 4:
      return walk(db)
    default:
      return db.pauseCompaction().then(() => db.resumeCompaction())
  }
}

async function walk(db: BinaryDatabase): Promise<void> {
  const entries = db.entries()[Symbol.asyncIterator]()
  while ((await entries.next()).done !== true) await setImmediate()
}

function requireRefusal(error: unknown): void {
  const isRefusal = error instanceof VarveError && refusals.has(error.code)
  if (!isRefusal) throw error
}

async function requireAcknowledged(
  directory: string,
  options: OpenOptions,
  acknowledged: ReadonlyMap<string, string>,
  begun: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const db = await openBinary(directory, options)
  try {
    for (const [key, value] of acknowledged) {
      const found = String(db.getSync(Buffer.from(key)))
      const values = begun.get(key)!
      // A later, refused write may have arrived as well.
      const isThere = values.slice(values.indexOf(value)).includes(found)
      assert.ok(isThere, `${key}: ${nameOf(value)} was acknowledged, ${nameOf(found)} is there`)
    }
  } finally {
    await db.close()
  }
}

/** The number of the operation, with which the value begins. */
function nameOf(value: string): string {
  return value.slice(0, 20)
}
