import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Prng } from '../../base/prng.js'
import { FaultyFileSystem } from '../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { type Database, open, type OpenOptions } from '../../index.js'
import type { FileSystem } from '../../fs/file-system.js'

type Bank = Database<string, number>

const accounts = 20
const balance = 100
const clients = 6
const transfersPerClient = 40
const policies = ['leveled', 'sizeTiered', 'lazyLeveled'] as const
const durabilities = ['os', 'sync'] as const

/** What a crash left, and how many transfers of each client had been acknowledged before. */
interface Crash {
  readonly left: MemoryFileSystem
  readonly where: string
  readonly acknowledged: readonly number[]
}

function openBank(
  fileSystem: FileSystem,
  policy: (typeof policies)[number],
  durability: (typeof durabilities)[number],
): Promise<Bank> {
  const options: OpenOptions<'utf8', 'json'> = {
    fileSystem,
    durability,
    background: 'inline',
    memtableBytes: 4096,
    tableBytes: 4096,
    compaction: { policy, l0Trigger: 1 },
    valueEncoding: 'json',
  }
  return open('/bank', options) as Promise<Bank>
}

function accountKey(account: number): string {
  return `account/${String(account).padStart(3, '0')}`
}

function sumOf(db: Bank): number {
  let sum = 0
  for (const value of db.values({ prefix: 'account/' })) sum += value
  return sum
}

/** Moves money, unless the account has too little, and counts the transfer of the client. */
async function transfer(db: Bank, random: Prng, client: number): Promise<void> {
  const from = accountKey(random.below(accounts))
  const to = accountKey(random.below(accounts))
  const amount = random.between(1, 30)
  await db.transaction(
    async (tx) => {
      const spare = (await tx.get(from))! - amount
      await nextTurn()
      if (spare >= 0) {
        await tx.put(from, spare)
        await tx.put(to, (await tx.get(to))! + amount)
      }
      await tx.put(`done/${client}`, ((await tx.get(`done/${client}`)) ?? 0) + 1)
    },
    { retries: 1000 },
  )
}

for (const policy of policies) {
  for (const durability of durabilities) {
    test(`a crash between transfers changes no sum: ${policy}, '${durability}'`, async () => {
      const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 2 ** 31)
      const where = (text: string): string => `${text} (VARVE_SEED=${seed})`
      const random = new Prng(seed)
      const disk = new MemoryFileSystem()
      const acknowledged = Array.from({ length: clients }, () => 0)
      const crashes: Crash[] = []
      const watched = new FaultyFileSystem(disk, ({ kind, index }) => {
        if (!random.chance(0.02)) return undefined
        // Without a sync, a power loss may take acknowledged transfers.
        const isPowerLoss = durability === 'sync' && random.chance(0.5)
        const fate = {
          unsynced: 'random',
          prng: new Prng(random.next()),
          sectorBytes: 512,
        } as const
        crashes.push({
          left: isPowerLoss ? disk.crashClone(fate) : disk.processCrashClone(),
          where: where(`${isPowerLoss ? 'power lost' : 'killed'} before ${kind} ${index}`),
          acknowledged: [...acknowledged],
        })
        return undefined
      })
      {
        await using db = await openBank(watched, policy, durability)
        await db.batch(
          Array.from({ length: accounts }, (_, account) => {
            return { type: 'put', key: accountKey(account), value: balance } as const
          }),
        )
        crashes.splice(0)
        const work = async (client: number): Promise<void> => {
          for (let i = 0; i < transfersPerClient; i++) {
            await transfer(db, random, client)
            acknowledged[client]++
            assert.equal(sumOf(db), accounts * balance, where('while transfers run'))
          }
        }
        await Promise.all(acknowledged.map((_, client) => work(client)))
        assert.ok(db.stats().transactions.conflicts > 0, where('transfers met'))
      }
      assert.ok(crashes.length > 5, where(`${crashes.length} crashes`))
      for (const crash of crashes) {
        await using db = await openBank(crash.left, policy, durability)
        assert.equal(sumOf(db), accounts * balance, crash.where)
        for (const [client, count] of crash.acknowledged.entries()) {
          assert.ok((db.getSync(`done/${client}`) ?? 0) >= count, crash.where)
        }
      }
    })
  }
}
