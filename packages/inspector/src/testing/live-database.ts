import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open, type OpenOptions } from 'varve'
import { inspector, type Inspector } from '../inspector.js'
import type { InspectorOptions } from '../options.js'

/** Small memtables and tables, so that a few thousand writes make a tree of several levels. */
export const smallTree = {
  memtableBytes: 16 << 10,
  tableBytes: 16 << 10,
  blockBytes: 1024,
  // Blocks are shown as they are in the file.
  codec: 'none',
  compaction: { policy: 'leveled', sizeRatio: 3, l0Trigger: 3, baseBytes: 32 << 10 },
  background: 'inline',
} as const satisfies OpenOptions

/** A database in a directory of its own, and an inspector of it. Disposing removes everything. */
export interface LiveDatabase extends AsyncDisposable {
  readonly db: Database<string, string>
  readonly inspected: Inspector
}

export async function liveDatabase(options: InspectorOptions = {}): Promise<LiveDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'varve-inspector-'))
  const db = await open(join(directory, 'data'), smallTree)
  const inspected = await inspector(db, options)
  return {
    db,
    inspected,
    async [Symbol.asyncDispose]() {
      await inspected.close()
      await db.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** Users with keys `user:<country>:<number>` and JSON values. */
export async function writeUsers(
  db: Database<string, string>,
  from: number,
  to: number,
): Promise<void> {
  for (let i = from; i < to; i++) {
    const country = countries[i % countries.length]
    const key = `user:${country}:${String(i).padStart(5, '0')}`
    await db.put(key, JSON.stringify({ name: `User ${i}`, country, born: 1950 + (i % 50) }))
  }
}

const countries = ['at', 'ch', 'de', 'is', 'jp', 'nz']
