import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import { ValueKind } from '../key/value-kind.js'
import { readInput } from '../testing/kit/input-entry.js'
import { MemTable } from './memtable.js'
import { openSealedMemTable } from './sealed-memtable.js'
import { firstSeed } from '../base/testing/seed.js'

const seed = firstSeed(20260801)

/** The hardest key sets for a sort by heads. */
const keySets: Record<string, (prng: Prng) => Buffer[]> = {
  'random bytes': (prng) => many(3000, () => prng.bytes(16)),
  'prefixes of each other': (prng) =>
    many(3000, () => Buffer.from('abababababababababababababababab').subarray(0, prng.below(33))),
  'zero bytes only': (prng) => many(2000, () => Buffer.alloc(prng.between(1, 40))),
  'two bytes, zero among them': (prng) =>
    many(3000, () => Buffer.from(many(prng.between(1, 24), () => prng.below(2)))),
  'a long common prefix': (prng) =>
    many(1000, () => Buffer.concat([Buffer.alloc(300, 'p'), prng.bytes(prng.below(12))])),
  'bytes above 0x7f': (prng) =>
    many(3000, () => Buffer.from(many(prng.between(1, 10), () => prng.pick([0, 127, 128, 255])))),
  'one key, thousands of versions': () => many(5000, () => Buffer.from('the same key again')),
  'a few keys, many versions': (prng) =>
    many(5000, () => Buffer.from(`user:0000000000${prng.below(9)}:name`)),
  'longest keys, different at the end': (prng) =>
    many(60, () => {
      const key = Buffer.alloc(65_536 - prng.below(3), 7)
      key[key.length - 1] = prng.below(256)
      return key
    }),
  // Each group of equal heads has one key less, so the depth of the sort is the number of keys.
  'a staircase': () => many(1500, (i) => Buffer.concat([Buffer.alloc(i * 8, 'a'), Buffer.of(0)])),
  'mixed lengths and prefixes': (prng) =>
    many(3000, () => Buffer.from(`https://${prng.pick(hosts)}/${prng.below(500)}`)),
}

const hosts = ['example.org', 'example.org.example', 'a', 'b.c', '']

for (const [name, build] of Object.entries(keySets)) {
  test(`sorts by key, newest version first: ${name}`, () => {
    const keys = build(new Prng(seed))
    const bytes = keys.reduce((sum, key) => sum + MemTable.entryBytes(key.length, 0), 0)
    const table = new MemTable(bytes)
    keys.forEach((key, i) => {
      table.insert(i + 1, ValueKind.put, key, 0, key.length, key, 0, 0)
    })
    const expected = keys
      .map((key, i) => ({ key, sequence: i + 1 }))
      .sort((a, b) => compareBytes(a.key, b.key) || b.sequence - a.sequence)

    const entries = readInput(openSealedMemTable(table.seal()).input)
    assert.deepEqual(
      entries.map(({ key, sequence }) => ({ key, sequence })),
      expected,
      `seed ${seed}`,
    )
  })
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}
