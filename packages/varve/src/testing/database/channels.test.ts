import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'
import { VirtualClock } from '../kit/virtual-clock.js'
import { type ChannelMessages, channels } from '../../db/events/channels.js'
import { DatabaseEventEmitter } from '../../db/events/events.js'

type Name = keyof ChannelMessages
type Heard = { [N in Name]: { name: N; message: ChannelMessages[N] } }[Name]

/** Returns the messages of the channels during `work`, in order. */
async function listen(names: readonly Name[], work: () => Promise<void>): Promise<Heard[]> {
  const heard: Heard[] = []
  const listener = (message: unknown, name: string | symbol): void => {
    heard.push({ name, message } as Heard)
  }
  for (const name of names) subscribe(name, listener)
  try {
    await work()
    await new Promise(setImmediate)
  } finally {
    for (const name of names) unsubscribe(name, listener)
  }
  return heard
}

const options = { background: 'inline', memtableBytes: 64 * 1024 } as const

test('channels report the life of a database, from open to close', async () => {
  const names = Object.keys(channels).map((name) => `varve:${name}` as Name)
  let lastWrites = 0
  const heard = await listen(names, async () => {
    const db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
    const onClose = (message: unknown): void => {
      lastWrites = (message as ChannelMessages['varve:close']).db.stats().operations.writes
    }
    subscribe('varve:close', onClose)
    db.putSync('a', 'first')
    await db.batch([
      { type: 'put', key: 'b', value: 'second' },
      { type: 'del', key: 'a' },
    ])
    await db.put('c', 'third', { sync: true })
    await db.flush()
    await db.compact()
    db.setCompaction('sizeTiered')
    await Promise.resolve()
    const view = db.withEncodings({ valueEncoding: 'binary' })
    void view.put('d', Buffer.from('last'))
    await view.close()
    await view.close()
    unsubscribe('varve:close', onClose)
  })
  assert.deepEqual(
    heard.map(({ name }) => name.slice('varve:'.length)),
    ['open', 'commit', 'commit', 'commit', 'flush', 'compaction', 'policy', 'commit', 'close'],
  )
  for (const { message } of heard) assert.equal(message.database, '/db')
  const commits = heard.flatMap((told) => (told.name === 'varve:commit' ? [told.message] : []))
  assert.deepEqual(
    commits.map(({ operations, sizeBytes, synced }) => [operations, sizeBytes, synced]),
    [
      [1, 6, false],
      [2, 8, false],
      [1, 6, true],
      [1, 5, false],
    ],
  )
  assert.ok(commits.every(({ durationMs }) => durationMs >= 0 && durationMs < 60_000))
  const [first, last] = [heard[0], heard.at(-1)]
  assert.ok(first?.name === 'varve:open' && last?.name === 'varve:close')
  assert.equal(first.message.db, last.message.db, 'a view is not another database')
  assert.equal(lastWrites, 5, 'stats are still readable and count all writes')
})

test('channels publish stalls, failures and warnings with their database', async () => {
  const events = new DatabaseEventEmitter('/db')
  const stall = { cause: 'level0', severity: 'stop', message: 'writes stop: 12 tables' } as const
  const [failure, warning] = [new VarveError('IO', 'no'), new VarveError('ABORTED', 'hm')]
  const heard = await listen(['varve:stall', 'varve:error', 'varve:warning'], async () => {
    events.emit('stall', stall)
    events.emit('error', failure)
    events.emit('warning', warning)
    await Promise.resolve()
  })
  assert.deepEqual(heard, [
    { name: 'varve:stall', message: { database: '/db', ...stall } },
    { name: 'varve:error', message: { database: '/db', error: failure } },
    { name: 'varve:warning', message: { database: '/db', error: warning } },
  ])
})

test('a subscriber may write, because it never runs in the middle of a commit', async () => {
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  let echoes = 0
  await listen(['varve:commit'], async () => {
    const echo = (): void => {
      if (echoes < 8) db.putSync(`echo:${echoes++}`, 'e')
    }
    subscribe('varve:commit', echo)
    // The blocking write finishes the pending sync, so two commits are published.
    const synced = db.put('synced', 's', { sync: true })
    await Promise.resolve()
    db.putSync('blocking', 'b')
    await synced
    await db.put('later', 'l')
    await db.put('synced', 's', { sync: true })
    await db.flush()
    unsubscribe('varve:commit', echo)
  })
  assert.equal(echoes, 8)
  const found = [...db.keys()]
  assert.deepEqual(found, [
    'blocking',
    ...Array.from({ length: 8 }, (_, i) => `echo:${i}`),
    'later',
    'synced',
  ])
  assert.equal(db.stats().operations.writes, 12)
})

test('a commit without subscribers does not read the clock', async () => {
  const clock = new VirtualClock()
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem(), clock })
  let looks = 0
  const monotonicMs = clock.monotonicMs.bind(clock)
  clock.monotonicMs = () => {
    looks++
    return monotonicMs()
  }
  // Fewer writes than trigger a check of the event loop.
  for (let i = 0; i < 20; i++) db.putSync('k', 'v')
  for (let i = 0; i < 20; i++) await db.put('k', 'v')
  assert.equal(looks, 0)
  await listen(['varve:commit'], () => db.put('k', 'v'))
  assert.equal(looks, 2)
})
