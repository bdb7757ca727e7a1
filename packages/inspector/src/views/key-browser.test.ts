import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyItem } from '../protocol/answers.js'
import { liveDatabase, writeUsers } from '../testing/live-database.js'
import { listKeys } from './key-browser.js'

test('keys are grouped up to the next delimiter, page after page', async () => {
  await using live = await liveDatabase()
  await writeUsers(live.db, 0, 1200)
  for (const key of ['alone', 'u', 'user', 'user:', 'zoo/cage/1', 'zoo/cage/2']) {
    await live.db.put(key, 'x')
  }
  await live.db.flush()
  assert.deepEqual(await list(''), ['alone', 'u', 'user', 'user:* 1000+', 'zoo/* 2'])
  assert.deepEqual(await list('user:'), [
    'user:',
    ...['at', 'ch', 'de', 'is', 'jp', 'nz'].map((country) => `user:${country}:* 200`),
  ])
  const keys = await list('user:is:')
  assert.equal(keys.length, 200)
  assert.deepEqual(keys, [...keys].sort())

  async function list(prefix: string): Promise<string[]> {
    const db = live.db.withEncodings({ keyEncoding: 'binary', valueEncoding: 'binary' })
    const texts: string[] = []
    let after: Buffer | undefined
    for (let pages = 0; pages < 10; pages++) {
      const { items, next } = await listKeys(db, Buffer.from(prefix), after)
      assert.ok(items.length <= 100)
      texts.push(...items.map(textOf))
      if (next === undefined) return texts
      after = Buffer.from(next, 'base64')
    }
    assert.fail('no end')
  }
})

test('bytes of any value are listed once', async () => {
  await using live = await liveDatabase()
  const db = live.db.withEncodings({ keyEncoding: 'binary', valueEncoding: 'binary' })
  for (const byte of [0, 1, 58, 254, 255]) {
    await db.put(Buffer.of(255, byte), Buffer.of())
    await db.put(Buffer.of(255, 255, byte), Buffer.of())
  }
  const { items } = await listKeys(db, Buffer.of(255))
  assert.equal(items.length, 10)
})

function textOf(item: KeyItem): string {
  if (item.kind === 'key') return Buffer.from(item.key, 'base64').toString()
  const prefix = Buffer.from(item.prefix, 'base64').toString()
  return `${prefix}* ${item.keyCount}${item.hasMore ? '+' : ''}`
}
