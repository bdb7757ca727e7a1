import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type BinaryDatabase, openBinary } from '../database/binary-database.js'
import { temporaryFolder } from '../testing/run-varve.js'
import { copyEntries, verifyCopy } from './copy-entries.js'
import type { ForeignDatabase, ForeignEntry } from './foreign-database.js'
import { beginOrResume, endImport } from './import-mark.js'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const entries = Array.from({ length: 1000 }, (_, i): ForeignEntry => {
  return [bytes(`k${String(i).padStart(4, '0')}`), bytes(`${i}`.repeat(i % 50))]
})

/** A source in lists of 100 that fails after `failsBehind` lists. */
function sourceOf(all: readonly ForeignEntry[], failsBehind = Infinity): ForeignDatabase {
  return {
    path: '/old',
    recordCount: all.length,
    close: () => Promise.resolve(),
    async *entries(after) {
      const left = all.filter(([key]) => after === undefined || Buffer.compare(key, after) > 0)
      for (let i = 0; i < left.length; i += 100) {
        if (i / 100 === failsBehind) throw new Error('the disk is gone')
        yield await Promise.resolve(left.slice(i, i + 100))
      }
    },
  }
}

async function opened(t: TestContext): Promise<BinaryDatabase> {
  // Closed before its folder goes.
  t.after(() => db.close())
  const db = await openBinary(join(temporaryFolder(t), 'new'), { background: 'inline' })
  return db
}

const silent = (): void => {}
const mark = { from: 'leveldb', source: '/old' }

test('an interrupted copy resumes where it stopped, and is verified as a whole', async (t) => {
  const db = await opened(t)
  const seen: number[] = []
  assert.equal(beginOrResume(db, mark), undefined)
  await assert.rejects(copyEntries(sourceOf(entries, 3), db, undefined, silent), /disk is gone/)
  assert.ok(existsSync(join(db.path, 'IMPORTING')))
  const after = beginOrResume(db, mark)
  assert.deepEqual(after, bytes('k0299'))
  const totals = await copyEntries(sourceOf(entries), db, after, ({ records }) => {
    seen.push(records)
  })
  assert.deepEqual(seen, [100, 200, 300, 400, 500, 600, 700])
  assert.equal(totals.records, 700)
  const first = await verifyCopy(sourceOf(entries), db, silent)
  assert.equal(first.records, 1000)
  endImport(db)
  assert.ok(!existsSync(join(db.path, 'IMPORTING')))
  const second = await verifyCopy(sourceOf(entries), db, silent)
  assert.equal(second.checksum, first.checksum)
})

test('a copy is not taken for the whole if anything is different', async (t) => {
  const db = await opened(t)
  await copyEntries(sourceOf(entries), db, undefined, silent)
  const check = (source = entries) => verifyCopy(sourceOf(source), db, silent)
  await check()
  await assert.rejects(check(entries.slice(0, 999)), /at k0999, which the source has not/)
  await assert.rejects(check([...entries, [bytes('z'), bytes('')]]), /at the entry of z/)
  await db.put(bytes('k0500'), bytes('changed'))
  await assert.rejects(check(), /at the entry of k0500/)
  await db.del(bytes('k0500'))
  await assert.rejects(check(), /at the entry of k0500/)
})

test('entries of others, and imports of others, are not touched', async (t) => {
  const db = await opened(t)
  await db.put(bytes('own'), bytes('1'))
  assert.throws(() => beginOrResume(db, mark), { name: 'UsageError', message: /entries already/ })
  await db.del(bytes('own'))
  beginOrResume(db, mark)
  await copyEntries(sourceOf(entries), db, undefined, silent)
  const other = { from: 'lmdb', source: '/old' }
  assert.throws(() => beginOrResume(db, other), /half imported from \/old \(leveldb\)/)
  writeFileSync(join(db.path, 'IMPORTING'), '')
  assert.throws(() => beginOrResume(db, mark), { name: 'UsageError' })
})

test('an entry that does not fit is refused', async (t) => {
  const db = await opened(t)
  const copy = (...all: ForeignEntry[]) => copyEntries(sourceOf(all), db, undefined, silent)
  const value = bytes('v')
  await assert.rejects(copy([bytes('a'), value], [bytes('a'), value]), /a has several values/)
  await assert.rejects(copy([bytes('b'), value], [bytes('a'), value]), /does not sort its keys/)
  await assert.rejects(copy([Buffer.alloc(65536), value]), /65536 bytes/)
  assert.deepEqual([...db.keys()], [])
})
