import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import type { ReadableFile } from '../fs/file-system.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import type { TableIterator } from './table-iterator.js'
import { TableReader } from './table-reader.js'
import {
  openTable,
  plainOptions,
  randomEntries,
  randomKey,
  randomOptions,
  readContext,
  writeTable,
  type ModelEntry,
} from './testing/random-table.js'
import { seeds } from '../base/testing/seed.js'

function current(iterator: TableIterator): ModelEntry | undefined {
  if (!iterator.valid) return undefined
  const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = iterator
  return {
    key: Buffer.from(keyBytes.subarray(keyStart, keyEnd)),
    sequence: iterator.sequence,
    kind: iterator.kind,
    value: Buffer.from(valueBytes.subarray(valueStart, valueEnd)),
  }
}

/** Takes a step and waits for it, as a caller that may not block does. */
async function settle(iterator: TableIterator, step: () => void): Promise<void> {
  step()
  if (!iterator.pending) return
  assert.equal(iterator.valid, false)
  await iterator.load()
  assert.equal(iterator.pending, false)
}

test('iterates and seeks like a sorted array, waiting or not', async () => {
  for (const seed of seeds(60)) {
    const random = new Prng(seed)
    const fs = new MemoryFileSystem()
    const entries = randomEntries(random, random.between(1, 120))
    writeTable(fs, '/t', entries, randomOptions(random))
    const reader = openTable(fs, '/t', readContext(random.pick([0, 3000, 1 << 20])))
    const iterator = reader.iterator(
      random.pick([
        { mayRead: true, fillCache: true, readAheadBytes: 0 },
        { mayRead: false, fillCache: true, readAheadBytes: 0 },
        { mayRead: false, fillCache: false, readAheadBytes: 0 },
        { mayRead: true, fillCache: false, readAheadBytes: random.pick([10, 1000, 262_144]) },
      ]),
    )
    const check = (at: number, what: string): void =>
      assert.deepEqual(current(iterator), entries[at], `seed ${seed}, ${what}`)

    await settle(iterator, () => iterator.seekToFirst())
    for (let at = 0; at <= entries.length; at++) {
      check(at, 'next')
      if (iterator.valid) await settle(iterator, () => iterator.next())
    }
    await settle(iterator, () => iterator.seekToLast())
    for (let at = entries.length - 1; at >= -1; at--) {
      check(at, 'prev')
      if (iterator.valid) await settle(iterator, () => iterator.prev())
    }
    for (let i = 0; i < 100; i++) {
      const target = random.chance(0.5) ? random.pick(entries).key : randomKey(random, 'user:')
      let at = entries.findIndex((e) => compareBytes(e.key, target) >= 0)
      if (at < 0) at = entries.length
      if (random.chance(0.5)) {
        const reused = Buffer.from(target)
        await settle(iterator, () => {
          iterator.seek(reused)
          reused.fill(0x55)
        })
        check(at, 'seek')
      } else {
        await settle(iterator, () => iterator.seekBefore(target))
        check(--at, 'seekBefore')
      }
      for (let step = random.below(6); step > 0 && iterator.valid; step--) {
        const forward = random.chance(0.5)
        await settle(iterator, () => (forward ? iterator.next() : iterator.prev()))
        at += forward ? 1 : -1
        check(at, 'a step after a seek')
      }
    }
    iterator.close()
    reader.close()
  }
})

/** A table of 3,000 entries; `reads` counts the calls that go to its file once it is open. */
function countedTable() {
  const fs = new MemoryFileSystem()
  const entries = Array.from({ length: 3000 }, (_, i) => ({
    key: Buffer.from(String(i).padStart(6, '0')),
    sequence: 1,
    kind: 1,
    value: Buffer.alloc(50),
  }))
  writeTable(fs, '/t', entries)
  const file = fs.openForRead('/t')
  const calls = { reads: 0, damagedFrom: Infinity }
  const read: ReadableFile['read'] = (target, start, length, offset) => {
    calls.reads++
    const got = file.read(target, start, length, offset)
    if (offset + got > calls.damagedFrom) target[start + calls.damagedFrom - offset] ^= 1
    return got
  }
  const context = readContext()
  const counted = Object.assign(Object.create(file), { read }) as ReadableFile
  const reader = TableReader.open(counted, 1, context)
  calls.reads = 0
  return { reader, calls, context, walk: { mayRead: true, fillCache: true, readAheadBytes: 0 } }
}

test('a long scan reads many blocks at a time, a short one only those it needs', () => {
  for (const direction of ['forward', 'backward']) {
    const { reader, calls, context, walk } = countedTable()
    const iterator = reader.iterator(walk)
    const isForward = direction === 'forward'
    const step = (): void => (isForward ? iterator.next() : iterator.prev())
    let count = 1
    if (isForward) iterator.seekToFirst()
    else iterator.seekToLast()
    for (; context.counters.blocksRead < 2; count++) step()
    assert.equal(calls.reads, 2, direction)
    for (; iterator.valid; count++) step()
    assert.equal(count, 3001, direction)
    assert.equal(context.counters.blocksRead, reader.properties.dataBlockCount, direction)
    assert.ok(calls.reads < reader.properties.dataBlockCount / 3, direction)
    iterator.close()
    reader.close()
  }
})

test('damage in a prefetched block is reported when the iterator reaches it', () => {
  const { reader, walk } = countedTable()
  const key = Buffer.from('001500')
  const { block } = reader.explain(key)
  reader.close()
  const damaged = countedTable()
  damaged.calls.damagedFrom = block!.offset + 8
  const iterator = damaged.reader.iterator(walk)
  iterator.seekToFirst()
  let count = 0
  const goOn = (): void => {
    for (; iterator.valid; iterator.next()) count++
  }
  assert.throws(goOn, { code: 'CORRUPTION', offset: block!.offset })
  const perBlock = 3000 / reader.properties.dataBlockCount
  assert.ok(count > 1500 - 2 * perBlock && count <= 1500, `${count} entries before it`)
  iterator.close()
  damaged.reader.close()
})

test('read-ahead takes few reads and bypasses the cache', () => {
  const fs = new MemoryFileSystem()
  const entries = Array.from({ length: 3000 }, (_, i) => ({
    key: Buffer.from(String(i).padStart(6, '0')),
    sequence: 1,
    kind: 1,
    value: Buffer.alloc(50),
  }))
  writeTable(fs, '/t', entries)
  const context = readContext()
  const reader = openTable(fs, '/t', context)
  const iterator = reader.iterator({ mayRead: true, fillCache: false, readAheadBytes: 65_536 })
  let count = 0
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) count++
  assert.equal(count, entries.length)
  assert.equal(context.cache.usedBytes, 0)
  assert.equal(context.counters.blocksRead, reader.properties.dataBlockCount)
  iterator.close()
  reader.close()
})

test('a table closed under an iterator stays open until the iterator is done', async () => {
  const fs = new MemoryFileSystem()
  const entries = randomEntries(new Prng(4), 50)
  writeTable(fs, '/t', entries, { ...plainOptions, blockBytes: 64 })
  const reader = openTable(fs, '/t')
  const options = { mayRead: false, fillCache: true, readAheadBytes: 0 }
  const iterator = reader.iterator(options)
  const abandoned = reader.iterator(options)
  abandoned.seekToFirst()
  const late = abandoned.load()
  abandoned.close()
  reader.close()
  let count = 0
  await settle(iterator, () => iterator.seekToFirst())
  for (; iterator.valid; await settle(iterator, () => iterator.next())) count++
  assert.equal(count, entries.length)
  await late
  assert.equal(abandoned.valid, false)
  iterator.close()
})
