import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashBytes } from '../../base/bytes/hash.js'
import { keyedHash } from '../../base/bytes/keyed-hash.js'
import { BloomFilter, BloomFilterBuilder, probesFor } from './bloom-filter.js'

const hashOf = (name: string): number => {
  const bytes = Buffer.from(name)
  return hashBytes(bytes, 0, bytes.length)
}

function build(keys: number, bitsPerKey: number): BloomFilter {
  const builder = new BloomFilterBuilder(bitsPerKey)
  for (let i = 0; i < keys; i++) builder.add(hashOf(`key-${i}`))
  return BloomFilter.decode(builder.finish(), 'f', 0)
}

/** A line gets a Poisson number of keys; each sets `probes` of its 512 bits. */
function theoreticalRate(bitsPerKey: number): number {
  const probes = probesFor(bitsPerKey)
  const mean = 512 / bitsPerKey
  let weight = Math.exp(-mean)
  let rate = 0
  for (let keys = 1; keys < 20 * mean; keys++) {
    weight *= mean / keys
    rate += weight * (1 - (1 - 1 / 512) ** (probes * keys)) ** probes
  }
  return rate
}

test('a filter never denies a key that was added', () => {
  for (const keys of [1, 2, 50, 51, 52, 1000, 20_000]) {
    for (const bitsPerKey of [1, 3, 10, 20]) {
      const filter = build(keys, bitsPerKey)
      for (let i = 0; i < keys; i++) assert.ok(filter.mayContain(hashOf(`key-${i}`)))
    }
  }
})

test('the false positive rate is the theoretical one of a blocked filter', () => {
  for (const bitsPerKey of [5, 10, 16]) {
    const filter = build(50_000, bitsPerKey)
    const asked = 200_000
    let wrong = 0
    for (let i = 0; i < asked; i++) if (filter.mayContain(hashOf(`absent-${i}`))) wrong++
    const expected = theoreticalRate(bitsPerKey)
    const rate = wrong / asked
    assert.ok(
      rate < expected * 1.15 + 0.0003 && rate > expected * 0.85 - 0.0003,
      `${bitsPerKey} bits: measured ${rate}, theory ${expected}`,
    )
  }
})

test('ten bits per key pass about one absent key in a hundred', () => {
  assert.ok(theoreticalRate(10) > 0.008 && theoreticalRate(10) < 0.013)
})

test('without bits or keys there is no filter', () => {
  assert.equal(build(100, 0).exists, false)
  assert.equal(build(0, 10).exists, false)
})

test('a block without a whole number of lines is damage', () => {
  for (const payload of [
    Buffer.alloc(1),
    Buffer.alloc(64),
    Buffer.alloc(66, 1),
    Buffer.alloc(65),
  ]) {
    assert.throws(() => BloomFilter.decode(payload, 'f', 7), { code: 'CORRUPTION', offset: 7 })
  }
})

test('a filter keeps its secret and hashes keys under it', () => {
  const keys = Array.from({ length: 300 }, (_, i) => Buffer.from(`key ${i}`))
  for (const secret of [1, 0xffff_ffff, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const builder = new BloomFilterBuilder(10, secret)
    for (const key of keys) builder.add(keyedHash(key, 0, key.length, secret))
    const filter = BloomFilter.decode(builder.finish(), 'f', 0)
    assert.equal(filter.secret, secret)
    for (const key of keys) assert.ok(filter.mayContain(filter.hashOf(key, 0, key.length)))
    const passing = keys.filter((key) => filter.mayContain(hashBytes(key, 0, key.length)))
    assert.ok(passing.length < 30, `${passing.length} pass with another hash`)
  }
})

test('a secret of 0 or of more than 53 bits is damage', () => {
  const builder = new BloomFilterBuilder(10, 5)
  builder.add(1)
  const payload = builder.finish()
  for (const [low, high] of [
    [0, 0],
    [0, 2 ** 21],
    [0, 0xffff_ffff],
  ]) {
    payload.writeUInt32LE(low, 64)
    payload.writeUInt32LE(high, 68)
    assert.throws(() => BloomFilter.decode(payload, 'f', 7), { code: 'CORRUPTION', offset: 7 })
  }
})
