import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'varve'
import { openBinary } from './binary-database.js'
import { keepShape, maxLevel0Tables } from './keep-shape.js'
import { temporaryFolder, varveIn } from '../testing/run-varve.js'

const inline = { background: 'inline' } as const

/** Small tables and a small ratio: the default options would merge the levels at once. */
const tall = {
  ...inline,
  memtableBytes: 64 << 10,
  tableBytes: 64 << 10,
  codec: 'none',
  compaction: { policy: 'leveled', sizeRatio: 2, l0Trigger: 3, baseBytes: 64 << 10 },
} as const

async function tablesByLevel(directory: string): Promise<string[][]> {
  await using db = await open(directory, { readOnly: true })
  return db
    .levels()
    .slice(1)
    .map(({ tables }) => tables.map(({ fileNumber }) => String(fileNumber)))
}

test('small writes with the command line leave the levels of a database alone', async (t) => {
  const folder = temporaryFolder(t)
  const directory = join(folder, 'data')
  const db = await open(directory, tall)
  for (let i = 0; i < 3000; i++) await db.put(`key ${i % 1700}`, 'v'.repeat(700))
  await db.close()
  const before = await tablesByLevel(directory)
  assert.ok(before.filter((tables) => tables.length > 0).length > 1)
  const varve = varveIn(folder)
  for (let i = 0; i < 5; i++) assert.equal((await varve(['put', `new ${i}`, '1'])).exit, 0)
  assert.equal((await varve(['del', 'new 1'])).exit, 0)
  assert.equal((await varve(['clear', '--prefix', 'new 2'])).exit, 0)
  assert.equal((await varve(['flush'])).exit, 0)
  assert.equal((await varve(['shell'], 'put a 1\nflush\ndel a\n')).exit, 0)
  assert.deepEqual(await tablesByLevel(directory), before)
  assert.equal((await varve(['compact'])).exit, 0)
  assert.notDeepEqual(await tablesByLevel(directory), before)
})

test('the levels keep their shape while the database is open', async (t) => {
  const directory = join(temporaryFolder(t), 'data')
  const db = await open(directory, tall)
  for (let i = 0; i < 3000; i++) await db.put(`key ${i % 1700}`, 'v'.repeat(700))
  await db.close()
  const before = await tablesByLevel(directory)
  const kept = await openBinary(directory, inline)
  await keepShape(kept)
  await turns()
  await kept.put(Buffer.from('a'), Buffer.from('1'))
  await kept.flush()
  await turns()
  await kept.close()
  assert.deepEqual(await tablesByLevel(directory), before)
  // The default options want another shape.
  const reshaped = await openBinary(directory, inline)
  await turns()
  await reshaped.close()
  assert.notDeepEqual(await tablesByLevel(directory), before)
})

/** Enough turns of the event loop for the compactions that are due. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('compactions start when level 0 is full', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const level0Tables = async (): Promise<number> => {
    await using db = await open(join(folder, 'data'), { readOnly: true })
    return db.levels()[0].tables.length
  }
  assert.equal((await varve(['put', 'a', '0'])).exit, 0)
  const script = Array.from({ length: maxLevel0Tables - 1 }, (_, i) => `put k${i} 1; flush`)
  assert.equal((await varve(['shell'], script.join('\n'))).exit, 0)
  const count = await level0Tables()
  assert.ok(count >= maxLevel0Tables - 1, String(count))
  for (let i = 0; i < 2; i++) {
    await varve(['put', 'b', '1'])
    assert.equal((await varve(['flush'])).exit, 0)
  }
  assert.ok((await level0Tables()) < maxLevel0Tables / 2)
})
