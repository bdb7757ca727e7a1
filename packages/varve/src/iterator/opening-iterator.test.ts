import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { type ArrayEntry, ArrayIterator } from '../testing/kit/array-iterator.js'
import { OpeningIterator } from './opening-iterator.js'
import { firstSeed } from '../base/testing/seed.js'

function entriesOf(count: number): ArrayEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const key = Buffer.from(String(i * 2).padStart(3, '0'))
    return { key, sequence: i + 1, kind: 1, value: Buffer.from(`v${i}`) }
  })
}

const seeks = {
  seekToFirst: (iterator: OpeningIterator | ArrayIterator) => iterator.seekToFirst(),
  seekToLast: (iterator: OpeningIterator | ArrayIterator) => iterator.seekToLast(),
  seek: (iterator: OpeningIterator | ArrayIterator, key: Buffer) => iterator.seek(key),
  seekBefore: (iterator: OpeningIterator | ArrayIterator, key: Buffer) => iterator.seekBefore(key),
}

async function settled(iterator: OpeningIterator | ArrayIterator): Promise<void> {
  while (iterator.pending) await iterator.load()
}

function textOf({
  valid,
  keyBytes,
  keyStart,
  keyEnd,
  sequence,
}: OpeningIterator | ArrayIterator): string {
  if (!valid) return 'end'
  return `${Buffer.from(keyBytes.subarray(keyStart, keyEnd)).toString()}#${sequence}`
}

test('walks like the iterator that it opens', async () => {
  const seed = firstSeed()
  const random = new Prng(seed)
  for (let round = 0; round < 200; round++) {
    const entries = entriesOf(random.below(12))
    const expected = new ArrayIterator(entries)
    const iterator = new OpeningIterator(async () => {
      await Promise.resolve()
      return new ArrayIterator(entries, random)
    })
    for (let walk = 0; walk < 3; walk++) {
      const name = random.pick(Object.keys(seeks) as (keyof typeof seeks)[])
      const target = Buffer.from(String(random.below(26)).padStart(3, '0'))
      seeks[name](expected, target)
      const given = Buffer.from(target)
      seeks[name](iterator, given)
      if (walk === 0) assert.ok(iterator.pending && !iterator.valid)
      if (iterator.pending) given.fill(0)
      await settled(iterator)
      const isBackward = name === 'seekToLast' || name === 'seekBefore'
      for (;;) {
        assert.equal(textOf(iterator), textOf(expected), `seed ${seed}, round ${round}, ${name}`)
        if (!expected.valid || random.chance(0.1)) break
        if (isBackward) expected.prev()
        else expected.next()
        if (isBackward) iterator.prev()
        else iterator.next()
        await settled(iterator)
      }
    }
    iterator.close()
    expected.close()
  }
})

test('an iterator that arrives after the close is closed', async () => {
  const inner = new ArrayIterator(entriesOf(3))
  const iterator = new OpeningIterator(() => Promise.resolve(inner))
  iterator.seekToFirst()
  const loading = iterator.load()
  iterator.close()
  await loading
  assert.ok(inner.isClosed)
  assert.equal(iterator.valid, false)
})

test('one that is closed before it is loaded opens nothing', () => {
  const iterator = new OpeningIterator(() => assert.fail('not to be opened'))
  iterator.seekToLast()
  iterator.close()
})

test('a failed opening rejects, and the next load tries again', async () => {
  let failures = 1
  const iterator = new OpeningIterator(() => {
    if (failures-- > 0) return Promise.reject(new Error('unreachable'))
    return Promise.resolve(new ArrayIterator(entriesOf(3)))
  })
  iterator.seekToLast()
  await assert.rejects(iterator.load(), /unreachable/)
  assert.ok(iterator.pending)
  await iterator.load()
  assert.equal(textOf(iterator), '004#3')
  iterator.close()
})
