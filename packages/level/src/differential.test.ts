import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryLevel } from 'memory-level'
import { VarveLevel } from './index.js'
import { classicLevel, soundInClassicLevel } from './testing/differential/classic-level.js'
import { compareSessions } from './testing/differential/compare.js'
import type { Operation } from './testing/differential/operation.js'
import type { AnyLevel } from './testing/differential/places.js'
import { Session } from './testing/differential/session.js'
import { temporaryFolder } from './testing/temporary.js'
import { drawnSeed } from '../../varve/dist/base/testing/seed.js'

const seed = drawnSeed()
const resultCount = Number(process.env['VARVE_RESULTS'] ?? 100_000)
/** Results of one database, which then makes room for the next. */
const resultsOfOne = 10_000

test(`random operations return what memory-level returns (VARVE_SEED=${seed})`, async (t) => {
  const folder = temporaryFolder(t)
  for (let i = 0; i * resultsOfOne < resultCount; i++) {
    const memory = new Session('memory-level', new MemoryLevel() as unknown as AnyLevel)
    await compareWith(memory, join(folder, String(i)), seed + i)
  }
})

test(`random operations return what classic-level returns (VARVE_SEED=${seed})`, async (t) => {
  const Classic = classicLevel()
  if (Classic === undefined) {
    t.skip('classic-level is not installed: npm ci --prefix bench')
    return
  }
  const folder = temporaryFolder(t)
  for (let i = 0; i * resultsOfOne < resultCount; i++) {
    const classic = new Session('classic-level', new Classic(join(folder, `classic-${i}`)))
    await compareWith(classic, join(folder, String(i)), seed + i, soundInClassicLevel)
  }
})

async function compareWith(
  other: Session,
  location: string,
  seedOfOne: number,
  adapt?: (operation: Operation) => Operation,
): Promise<void> {
  const db = new VarveLevel(location, { varve: { memtableBytes: 64 * 1024, background: 'inline' } })
  const settle = (): Promise<void> =>
    seedOfOne % 2 === 0 ? db.engine.flush() : db.engine.compact()
  const sessions = [other, new Session('@varve/level', db as unknown as AnyLevel, settle)]
  try {
    await compareSessions(sessions, seedOfOne, resultsOfOne, adapt)
  } finally {
    for (const session of sessions) await session.close()
  }
}
