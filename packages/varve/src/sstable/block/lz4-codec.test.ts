import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from '../../base/bytes/checksum.js'
import { Prng } from '../../base/prng.js'
import { type BlockCodec, CodecRegistry } from './codec.js'
import { lz4Codec, lz4hcCodec } from './lz4-codec.js'
import { packBlock, unpackBlock } from './stored-block.js'
import { zstdCodec } from './zstd-codec.js'

const registry = new CodecRegistry()
const text = Buffer.from('{"name":"Akranes","country":"IS"},'.repeat(200))
const tooLong = /an invalid length/

for (const codec of [lz4Codec, lz4hcCodec, zstdCodec]) {
  if (codec === undefined) continue
  test(`a block survives a round trip with ${codec.name}`, () => {
    const random = new Prng(1)
    const payloads = [0, 1, 20, 4096, 2 ** 20, 2 ** 20 + 1].map((length) =>
      Buffer.alloc(length, random.bytes(Math.min(length + 1, 300))),
    )
    for (const payload of [...payloads, text, random.bytes(4096)]) {
      assert.deepEqual(unpackBlock(stored(payload, codec), registry, 'f', 0), payload)
    }
    assert.ok(packBlock(text, codec).payload.length < text.length / 8)
  })

  test(`a damaged block of ${codec.name} is reported as corruption, with its place`, () => {
    const packed = Buffer.from(packBlock(text, codec).payload)
    for (let end = 0; end < packed.length; end += 3) {
      assert.throws(
        () => unpackBlock(summed(packed.subarray(0, end), codec.id), registry, 'some.sst', 77),
        { code: 'CORRUPTION', file: 'some.sst', offset: 77 },
      )
    }
  })

  test(`${codec.name} refuses invalid lengths before it allocates memory`, () => {
    const packed = Buffer.from(codec.compress(text))
    const refuse = (): never => assert.fail('it allocated')
    assert.throws(() => codec.decompress(packed, text.length - 1, refuse), tooLong)
    const lying = Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 7]), packed.subarray(2)])
    assert.throws(() => codec.decompress(lying, 2 ** 31, refuse), tooLong)
    assert.throws(() => codec.decompress(Buffer.alloc(0), 2 ** 31, refuse), tooLong)
  })
}

test('lz4hc makes smaller blocks than lz4, of the same format', () => {
  const random = new Prng(2)
  const rows = Array.from({ length: 60 }, (_, i) => `{"id":${i},"size":${random.below(10_000)}}`)
  const payload = Buffer.from(rows.join())
  const [fast, strong] = [lz4Codec, lz4hcCodec].map((codec) => packBlock(payload, codec))
  assert.ok(strong.payload.length < fast.payload.length)
  assert.equal(strong.codecId, fast.codecId)
})

test('a block that does not shrink, or is empty, is stored as it is', () => {
  for (const codec of [lz4Codec, lz4hcCodec]) {
    for (const payload of [Buffer.alloc(0), new Prng(3).bytes(4096)]) {
      const packed = packBlock(payload, codec)
      assert.equal(packed.codecId, 0)
      assert.equal(packed.payload, payload)
    }
  }
})

test('a user codec may have the name of a codec that the engine got later', () => {
  const own: BlockCodec = { ...lz4Codec, id: 64 }
  assert.equal(new CodecRegistry([own]).named('lz4'), own)
  assert.equal(new CodecRegistry([own]).get(2, 'f').id, 2)
})

function stored(payload: Buffer, codec: BlockCodec): Buffer {
  const packed = packBlock(payload, codec)
  return summed(packed.payload, packed.codecId)
}

function summed(payload: Buffer, codecId: number): Buffer {
  const block = Buffer.concat([payload, Buffer.from([codecId, 0, 0, 0, 0])])
  block.writeUInt32LE(crc32(block.subarray(0, payload.length + 1)), payload.length + 1)
  return block
}
