// Checks of the built engine that must pass on any runtime: `bun compat/smoke.mjs`. Runs check
// after check, prints what passed, and exits when all have passed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VarveLevel } from '@varve/level'
import { destroy, open } from 'varve'
import { repair, verify } from 'varve/tools'

const KiB = 1024
const value = (i) => `${i}:`.padEnd(200, 'varve ')

/** Small enough for flushes and compactions to happen. */
const small = {
  memtableBytes: 64 * KiB,
  tableBytes: 64 * KiB,
  compaction: { policy: 'leveled', baseBytes: 128 * KiB },
}

/** Opens a database whose background thread has to work: a warning fails the check. */
async function opened(path, options = {}) {
  const db = await open(path, { ...small, ...options })
  const problems = []
  db.on('warning', (warning) => problems.push(warning.message))
  db.on('error', (error) => problems.push(error.message))
  return { db, problems }
}

const checks = {
  async 'reads return written values: one by one, in batches, in ranges, through a snapshot'(path) {
    const { db, problems } = await opened(path)
    await db.put('b', '2')
    await db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'ü', value: '𝄞' },
      { type: 'del', key: 'b' },
    ])
    db.putSync('c', '')
    const before = db.snapshot()
    await db.clear({ prefix: 'a' })
    assert.deepEqual(await before.getMany(['a', 'b', 'c', 'ü']), ['1', undefined, '', '𝄞'])
    before.close()
    assert.deepEqual(
      [...db.entries({ reverse: true })],
      [
        ['ü', '𝄞'],
        ['c', ''],
      ],
    )
    const keys = []
    for await (const key of db.keys()) keys.push(key)
    assert.deepEqual(keys, ['c', 'ü'])
    await db.close()
    assert.deepEqual(problems, [])
  },

  async 'the background thread flushes and compacts while promises are awaited'(path) {
    const { db, problems } = await opened(path, { codec: 'deflate' })
    for (let i = 0; i < 20_000; i++) await db.put(`k${i % 7000}`, value(i))
    await db.compact()
    const stats = db.stats()
    assert.ok(stats.flushes.count > 10 && stats.compactions.count > 0, JSON.stringify(stats))
    let count = 0
    for await (const [key, found] of db.entries()) {
      count++
      assert.match(found, key === 'k0' ? /^14000:/ : /^\d+:/)
    }
    assert.equal(count, 7000)
    assert.equal(await db.get('k6999'), value(13_999))
    await db.close()
    assert.deepEqual(problems, [])
  },

  async 'it does so for a caller that never yields, and wakes it when it has to wait'(path) {
    const { db, problems } = await opened(path)
    for (let i = 0; i < 20_000; i++) db.putSync(`k${i}`, value(i))
    assert.ok(db.stats().flushes.count > 10)
    for (let i = 0; i < 20_000; i += 97) assert.equal(db.getSync(`k${i}`), value(i))
    await db.close()
    assert.deepEqual(problems, [])
  },

  async 'everything is there after closing and opening again, also what is only in the log'(path) {
    const { db } = await opened(path)
    await Promise.all(Array.from({ length: 5000 }, (_, i) => db.put(`k${i}`, value(i))))
    await db.put('last', 'synced', { sync: true })
    await db.close()
    const again = await opened(path, { durability: 'sync' })
    await again.db.put('more', '!')
    assert.equal(await again.db.get('last'), 'synced')
    for (let i = 0; i < 5000; i += 7) assert.equal(await again.db.get(`k${i}`), value(i))
    await again.db.close()
    assert.deepEqual(again.problems, [])
    const report = await verify(path)
    assert.deepEqual(report.problems, [])
    await destroy(path)
    assert.deepEqual(readdirSync(path), [])
  },

  async 'a directory has one owner, and none after its process was killed'(path) {
    const { db } = await opened(path)
    await assert.rejects(open(path), { code: 'LOCKED' })
    await assert.rejects(runVictim(path, 1), /is open in process/)
    await db.close()
    const acknowledged = await runVictim(path, 3000)
    const { db: survivor } = await opened(path)
    assert.equal(await survivor.get(`k${acknowledged}`), value(acknowledged))
    // A prefix: after a missing write, no later one exists.
    let count = 0
    while (survivor.getSync(`k${count}`) !== undefined) count++
    assert.equal([...survivor.keys()].length, count)
    await survivor.close()
  },

  async 'a flipped bit is reported with file and offset, and mended by repair'(path) {
    const { db } = await opened(path)
    for (let i = 0; i < 1000; i++) db.putSync(`k${i}`, value(i))
    await db.compact()
    await db.close()
    const name = readdirSync(path).find((file) => file.endsWith('.sst'))
    const bytes = readFileSync(join(path, name))
    bytes[300] ^= 4
    writeFileSync(join(path, name), bytes)
    const { db: damaged } = await opened(path)
    assert.throws(
      () => [...damaged.entries()],
      ({ code, file, offset }) => code === 'CORRUPTION' && file.endsWith(name) && offset >= 0,
    )
    await damaged.close()
    assert.ok((await repair(path, { apply: true })).isDone)
    const { db: mended } = await opened(path)
    assert.ok([...mended.entries()].length > 500)
    await mended.close()
  },

  async '@varve/level keeps a database of Level'(path) {
    const db = new VarveLevel(path, { valueEncoding: 'json' })
    await db.put('a', { n: 1 })
    const notes = db.sublevel('notes')
    await notes.batch([{ type: 'put', key: 'b', value: 'two' }])
    assert.deepEqual(db.getSync('a'), { n: 1 })
    assert.deepEqual(await notes.iterator().all(), [['b', 'two']])
    await db.close()
  },
}

/**
 * Starts this program as one that writes until it is killed; resolves to its last acknowledged
 * write.
 */
function runVictim(path, untilCount) {
  const flags = JSON.parse(process.env.SMOKE_FLAGS ?? '[]')
  const args = [...flags, fileURLToPath(import.meta.url), path]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let acknowledged = -1
  let errors = ''
  child.stdout.on('data', (chunk) => {
    // A number that is cut in two reads as smaller ones.
    for (const line of String(chunk).split('\n'))
      acknowledged = Math.max(acknowledged, Number(line))
    if (acknowledged >= untilCount) child.kill('SIGKILL')
  })
  child.stderr.on('data', (chunk) => (errors += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      if (acknowledged >= untilCount) resolve(acknowledged)
      else reject(new Error(`the writer ended early: ${errors}`))
    })
  })
}

async function writeUntilKilled(path) {
  const { db } = await opened(path)
  for (let i = 0; ; i++) {
    await db.put(`k${i}`, value(i))
    // Of fixed length, so that a part is never more than the whole.
    if (i % 100 === 0) process.stdout.write(`${String(i).padStart(9, '0')}\n`)
    if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function runChecks() {
  const folder = mkdtempSync(join(tmpdir(), 'varve-smoke-'))
  try {
    for (const [index, [name, check]] of Object.entries(checks).entries()) {
      await check(join(folder, String(index)))
      console.log(`ok ${name}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await (process.argv.length > 2 ? writeUntilKilled(process.argv[2]) : runChecks())
