import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open, type OpenOptions } from '../../../index.js'
import { campaignSize } from '../../kit/campaign-size.js'
import { dependencyProblem } from './dependency-cycle.js'
import type { History } from './history.js'
import { type HistoryShape, HistoryRun, type Numbers } from './run-history.js'
import { serialOrder } from './serial-order.js'

const historiesPerDatabase = 200
const policies = ['leveled', 'sizeTiered', 'lazyLeveled'] as const

/** Random options with small memtables, so that histories span flushes and compactions. */
function openNumbers(random: Prng): Promise<Numbers> {
  const options: OpenOptions<'utf8', 'json'> = {
    fileSystem: new MemoryFileSystem(),
    background: 'inline',
    durability: random.pick(['os', 'sync'] as const),
    memtableBytes: 64 * 1024,
    tableBytes: 64 * 1024,
    compaction: { policy: random.pick(policies), l0Trigger: 1 },
    valueEncoding: 'json',
  }
  return open('/db', options) as Promise<Numbers>
}

async function checkHistories(
  count: number,
  shapeOf: (random: Prng) => HistoryShape,
  problemOf: (history: History) => string | undefined,
): Promise<void> {
  const first = Number(process.env['VARVE_SEED'] ?? Date.now() % 2 ** 31)
  let committed = 0
  let conflicts = 0
  for (let done = 0; done < count; done += historiesPerDatabase) {
    const seed = first + done
    const random = new Prng(seed)
    await using db = await openNumbers(random)
    const compaction = { policy: random.pick(policies), l0Trigger: 1 }
    const high = await db.keyspace('high', { compaction })
    for (let i = 0; i < Math.min(historiesPerDatabase, count - done); i++) {
      // Often all keys are in one store.
      const firstHigh = random.pick(['a', 'b', 'c', 'c', 'd', 'z'])
      const split = { db, high, firstHigh }
      const history = await new HistoryRun(split, `${i}/`, random, shapeOf(random)).run()
      const problem = problemOf(history)
      const text = JSON.stringify(history.executions, null, 1)
      assert.equal(problem, undefined, `history ${i} of VARVE_SEED=${seed}: ${problem}\n${text}`)
      if (random.chance(0.02)) await random.pick([db, high]).flush()
    }
    const { transactions } = db.stats()
    assert.equal(transactions.open, 0)
    committed += transactions.commits
    conflicts += transactions.conflicts
  }
  // A campaign in which everything commits, or nothing does, proves nothing.
  assert.ok(
    committed > count && conflicts > count / 10,
    `${committed} commits, ${conflicts} conflicts`,
  )
}

/** Of each kind. */
const historyCount = Number(process.env['VARVE_HISTORIES'] ?? campaignSize(500, 5000))

test('histories with visible versions have no cycle of dependencies', async () => {
  await checkHistories(
    historyCount,
    (random) => ({
      executions: 24,
      clients: random.between(2, 6),
      keys: ['a', 'b', 'c', 'd', 'e'].slice(0, random.between(2, 5)),
      tracesVersions: true,
    }),
    dependencyProblem,
  )
})

test('histories with blind writes, deletes and clears have a serial order', async () => {
  await checkHistories(
    historyCount,
    (random) => ({
      executions: 10,
      clients: random.between(2, 4),
      keys: ['a', 'b', 'c', 'd'].slice(0, random.between(2, 4)),
      tracesVersions: false,
    }),
    (history) => (serialOrder(history) === undefined ? 'no serial order' : undefined),
  )
})
