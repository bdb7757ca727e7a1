import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open, VarveError } from '../../../index.js'

async function openJobs() {
  const db = await open('/db', { fileSystem: new MemoryFileSystem(), background: 'inline' })
  return { db, jobs: await db.keyspace('jobs', { valueEncoding: 'json' }) }
}

async function conflictOf(commit: Promise<void>): Promise<VarveError> {
  const error = await commit.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof VarveError && error.code === 'CONFLICT')
  return error
}

test('a conflict names the key and its keyspace', async () => {
  const { db, jobs } = await openJobs()
  const tx = db.begin()
  await tx.keyspace(jobs).get('one')
  await tx.put('x', '')
  await jobs.put('one', 1)
  const { key, keyspace, range, message } = await conflictOf(tx.commit())
  assert.deepEqual({ key, keyspace, range }, { key: 'one', keyspace: 'jobs', range: undefined })
  assert.match(message, /in keyspace 'jobs'/)
  await db.close()
})

test('a conflict in a range names the part that was read', async () => {
  const { db } = await openJobs()
  await db.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: '' })))
  const whole = db.begin()
  assert.equal([...whole.keys({ gte: 'a', lt: 'd' })].length, 3)
  await whole.put('x', '')
  const part = db.begin()
  for (const key of part.keys()) if (key === 'b') break
  await part.put('x', '')
  const openEnded = db.begin()
  assert.equal([...openEnded.keys({ gt: 'b' })].length, 1)
  await openEnded.put('x', '')
  await db.put('aa', '')
  const conflicts = await Promise.all([conflictOf(whole.commit()), conflictOf(part.commit())])
  assert.deepEqual(
    conflicts.map(({ key, range, keyspace }) => ({ key, range, keyspace })),
    [
      { key: 'aa', range: { gte: 'a', lt: 'd' }, keyspace: undefined },
      { key: 'aa', range: { gte: '', lt: 'b\0' }, keyspace: undefined },
    ],
  )
  await db.clear({ gte: 'b' })
  const { key, range, message } = await conflictOf(openEnded.commit())
  assert.deepEqual([key, range], [undefined, { gte: 'b\0' }])
  assert.match(message, /has cleared the keys from "?b"? to the last/)
  await db.close()
})

test('a bound that cannot be decoded is shown as bytes', async () => {
  const fileSystem = new MemoryFileSystem()
  await using db = await open('/db', { fileSystem, background: 'inline', keyEncoding: 'json' })
  await db.put([1], '')
  const tx = db.begin()
  for (const key of tx.keys({ gte: [0] })) if (key !== undefined) break
  await tx.put([9], '')
  await db.put([1], 'again')
  const { key, range } = await conflictOf(tx.commit())
  assert.deepEqual(key, [1])
  assert.deepEqual(range, { gte: [0], lt: Buffer.from('[1]\0') })
})

test('atomic() checks and writes several keyspaces at once', async () => {
  const { db, jobs } = await openJobs()
  const take = (name: string, n: number): Promise<void> =>
    db
      .atomic()
      .put('last', name)
      .keyspace(jobs)
      .check(name, null)
      .put(name, n)
      .keyspace(db)
      .put('count', String(n))
      .commit()
  await take('one', 1)
  const { key, keyspace } = await conflictOf(take('one', 2))
  assert.deepEqual([key, keyspace], ['one', 'jobs'])
  assert.deepEqual([await jobs.get('one'), await db.get('count')], [1, '1'])
  const { version } = await jobs.getWithVersion('one')
  await db.atomic().keyspace(jobs).check('one', version).del('one').commit()
  assert.equal(await jobs.has('one'), false)
  const elsewhere = await openJobs()
  assert.throws(() => db.atomic().keyspace(elsewhere.jobs), { option: 'keyspace' })
  await Promise.all([db.close(), elsewhere.db.close()])
})
