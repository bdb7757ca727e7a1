import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { campaignSize } from '../../testing/kit/campaign-size.js'
import type { Lz4 } from './lz4.js'
import { lz4For } from './lz4-for.js'
import { NativeLz4 } from './native-lz4.js'
import { ScriptLz4 } from './script-lz4.js'

/** The reference: another implementation. Offsets and lengths count bytes. */
interface ReferenceLz4 {
  makeBuffer(length: number): Uint8Array
  compressBlock(
    from: Uint8Array,
    to: Uint8Array,
    start: number,
    length: number,
    hashes: Uint32Array,
  ): number
  decompressBlock(
    from: Uint8Array,
    to: Uint8Array,
    start: number,
    length: number,
    at: number,
  ): number
}

const reference = createRequire(import.meta.url)('lz4js') as ReferenceLz4
const implementations: Lz4[] = [new ScriptLz4(), NativeLz4.load()]
const guardBytes = 64

test('both implementations and the reference read what either writes', () => {
  for (const input of samples(new Prng(1))) {
    for (const encoder of implementations) {
      for (const isStrong of [false, true]) {
        const packed = Buffer.from(encoder.compress(input, 2 * input.length + 16, isStrong, 0)!)
        for (const decoder of implementations) {
          assert.deepEqual(decoded(decoder, packed, input.length), input)
        }
        const expected = Buffer.alloc(input.length)
        const end = reference.decompressBlock(packed, expected, 0, packed.length, 0)
        assert.equal(end, input.length)
        assert.deepEqual(expected, input)
      }
    }
  }
})

test('both implementations read what the reference writes', () => {
  for (const input of samples(new Prng(2))) {
    const packed = Buffer.alloc(2 * input.length + 16)
    const hashes = new Uint32Array(65_536)
    const size = reference.compressBlock(input, packed, 0, input.length, hashes)
    // The reference says 0 when it found no match.
    if (size === 0) continue
    for (const decoder of implementations) {
      assert.deepEqual(decoded(decoder, packed.subarray(0, size), input.length), input)
    }
  }
})

test('vectors of the specification decode', () => {
  const vectors: [string, string][] = [
    ['00', ''],
    ['50 68656c6c6f', 'hello'],
    // An offset of 1 repeats one byte; 255 continues a length.
    ['1f 61 0100 ff 00 10 62', `${'a'.repeat(1 + 4 + 15 + 255)}b`],
    ['32 616263 0300 10 78', 'abcabcabcx'],
    [`f0 05 ${'6b'.repeat(20)}`, 'k'.repeat(20)],
  ]
  for (const [hex, text] of vectors) {
    for (const decoder of implementations) {
      const packed = Buffer.from(hex.replaceAll(' ', ''), 'hex')
      assert.equal(decoded(decoder, packed, text.length)?.toString(), text)
    }
  }
})

test('damaged blocks are refused by both implementations alike, and write nothing outside', () => {
  const random = new Prng(3)
  for (let round = 0; round < campaignSize(4_000, 400_000); round++) {
    const input = sample(random, random.below(300))
    const sound = implementations[round % 2].compress(input, 2 * input.length + 16, false, 0)!
    const packed = damaged(random, Buffer.from(sound))
    const length = random.chance(0.5) ? input.length : random.below(400)
    const [first, second] = implementations.map((decoder) => decoded(decoder, packed, length))
    assert.deepEqual(first, second, `round ${round}`)
  }
})

test('every truncation is refused', () => {
  const input = sample(new Prng(4), 500)
  const packed = Buffer.from(implementations[1].compress(input, 1000, false, 0)!)
  for (let end = 0; end < packed.length; end++) {
    for (const decoder of implementations) {
      assert.equal(decoded(decoder, packed.subarray(0, end), input.length), undefined)
    }
  }
})

test('an output is never longer than its limit', () => {
  const random = new Prng(5)
  for (const input of samples(random)) {
    for (const encoder of implementations) {
      for (const isStrong of [false, true]) {
        const all = encoder.compress(input, 2 * input.length + 16, isStrong, 0)!.length
        for (const limit of [0, all - 1, all, Math.floor(all / 2)]) {
          const packed = encoder.compress(input, limit, isStrong, 3)
          assert.ok(packed === undefined || packed.length - 3 <= limit)
        }
      }
    }
  }
})

test('a longer block than WebAssembly takes goes to the other implementation', () => {
  const native = lz4For(1)
  assert.ok(native instanceof NativeLz4)
  assert.equal(lz4For(native.maxBytes), native)
  assert.ok(lz4For(native.maxBytes + 1) instanceof ScriptLz4)
})

test('the numbers of positions may start over', () => {
  const native = NativeLz4.load()
  const input = sample(new Prng(6), native.maxBytes)
  // Each call advances by a megabyte and more, so that 2,000 calls pass the last number.
  for (let call = 0; call < 2_000; call++) {
    const packed = native.compress(input, 1000, call % 2 === 0, 0)
    assert.equal(packed, undefined)
  }
  const packed = native.compress(input, input.length, false, 0)!
  assert.deepEqual(decoded(native, Buffer.from(packed), input.length), input)
})

/** The decoded block, or undefined; fails if the bytes around it changed. */
function decoded(decoder: Lz4, packed: Uint8Array, length: number): Buffer | undefined {
  const memory = Buffer.alloc(length + 2 * guardBytes, 0xa5)
  const into = memory.subarray(guardBytes, guardBytes + length)
  const isSound = decoder.decompress(packed, into)
  const isGuard = (byte: number): boolean => byte === 0xa5
  assert.ok(memory.subarray(0, guardBytes).every(isGuard))
  assert.ok(memory.subarray(guardBytes + length).every(isGuard))
  return isSound ? Buffer.from(into) : undefined
}

function samples(random: Prng): Buffer[] {
  const lengths = [0, 1, 4, 5, 12, 13, 14, 20, 100, 255, 270, 1000, 4096, 65_535, 66_000, 300_000]
  return [
    ...lengths.map((length) => sample(random, length)),
    ...lengths.map((length) => Buffer.alloc(length, 'ab')),
    random.bytes(5000),
  ]
}

/** Text with repetitions at many distances. */
function sample(random: Prng, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const run = 1 + random.below(60)
    const distance = 1 + random.below(random.chance(0.5) ? 20 : 70_000)
    const repeats = at >= distance && random.chance(0.6)
    for (let i = 0; i < run && at < length; i++, at++) {
      bytes[at] = repeats ? bytes[at - distance] : random.below(256)
    }
  }
  return bytes
}

function damaged(random: Prng, packed: Buffer): Buffer {
  const kind = random.below(4)
  if (kind === 0) return random.bytes(random.below(100))
  if (kind === 1) return packed.subarray(0, random.below(packed.length + 1))
  for (let i = 0; i <= random.below(3); i++) {
    packed[random.below(packed.length)] = random.pick([0, 1, 15, 240, 255, random.below(256)])
  }
  return kind === 2 ? packed : Buffer.concat([packed, random.bytes(1 + random.below(4))])
}
