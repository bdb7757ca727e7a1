// What transactions cost:
//
//   node bench/transactions.mjs [--rounds 5] [--operations 20000] [--dir /fast/disk] [--out folder]
//
// One read and one write in a transaction, compared with a put; and transfers of 8 workers between
// 1,000 accounts, compared with the transactions of lmdb and better-sqlite3. All take turns in one
// process. An engine that is not installed is skipped, and the reason is printed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { about } from './measure/about.mjs'
import { singleKinds, openSingles } from './transactions/singles.mjs'
import { accounts, bankNames, openBank } from './transactions/banks.mjs'
import { transactionsMarkdown } from './transactions/markdown.mjs'

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    operations: { type: 'string', default: '20000' },
    dir: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
  },
})
const rounds = Number(args.rounds)
const operations = Number(args.operations)
const workers = 8
const parent = mkdtempSync(join(args.dir, 'varve-transactions-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))

const singles = await measureSingles()
const { transfers, skipped } = await measureTransfers()
const counts = { rounds, operations, workers, accounts }
const report = { about: about(), ...counts, singles, transfers, skipped }
const text = transactionsMarkdown(report)
console.log(text)
if (args.out !== undefined) {
  mkdirSync(args.out, { recursive: true })
  writeFileSync(join(args.out, 'transactions.json'), JSON.stringify(report, null, 2) + '\n')
  writeFileSync(join(args.out, 'transactions.md'), text)
}
process.exit(0)

/** Operations per second of each kind, round by round. */
async function measureSingles() {
  const db = await openSingles(join(parent, 'singles'), operations)
  const rates = Object.fromEntries(Object.keys(singleKinds).map((kind) => [kind, []]))
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [kind, run] of inTurns(Object.entries(singleKinds), round)) {
      const rate = await rateOf(() => run(db, operations), operations)
      if (round > 0) rates[kind].push(rate)
    }
  }
  await db.close()
  return rates
}

async function measureTransfers() {
  const banks = []
  const skipped = {}
  for (const name of bankNames) {
    try {
      banks.push({ name, bank: await openBank(name, join(parent, name)), rates: [] })
    } catch (error) {
      skipped[name] = error.message.split('\n')[0].replace(/ Tried:$/, '')
    }
  }
  for (let round = 0; round <= rounds; round++) {
    for (const { bank, rates } of inTurns(banks, round)) {
      const rate = await rateOf(() => transferAll(bank), operations)
      if (round > 0) rates.push(rate)
    }
  }
  const transfers = {}
  for (const { name, bank, rates } of banks) {
    const sum = bank.sum()
    if (sum !== accounts * 100) throw new Error(`${name} has ${sum}, not ${accounts * 100}`)
    transfers[name] = { rates, conflicts: bank.conflicts?.() }
    await bank.close()
  }
  return { transfers, skipped }
}

/** Workers that each wait for their transfer before the next. */
async function transferAll(bank) {
  let left = operations
  let random = 1
  const account = () => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0
    return (random >>> 8) % accounts
  }
  const worker = async () => {
    while (left-- > 0) {
      const from = account()
      await bank.transfer(from, (from + 1 + (account() % (accounts - 1))) % accounts, 1)
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
}

async function rateOf(run, count) {
  const startMs = performance.now()
  await run()
  return Math.round((count * 1000) / (performance.now() - startMs))
}

/** Each round begins with another one. */
function inTurns(list, round) {
  const first = round % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}
