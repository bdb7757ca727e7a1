import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { BlockPacker } from './block-packer.js'
import { noneCodec } from './codec.js'
import { lz4Codec } from './lz4-codec.js'

const random = new Prng(1)
const noise = random.bytes(1000)
const zeros = Buffer.alloc(1000)

/** A codec that counts its attempts. */
function counted() {
  const codec = {
    ...lz4Codec,
    attempts: 0,
    compress(bytes: Buffer) {
      codec.attempts++
      return lz4Codec.compress(bytes)
    },
  }
  return codec
}

test('few blocks of data that does not shrink are tried', () => {
  const codec = counted()
  const packer = new BlockPacker(codec)
  for (let i = 0; i < 1000; i++) assert.equal(packer.pack(noise).codecId, noneCodec.id)
  assert.ok(codec.attempts < 80, `${codec.attempts} attempts`)
})

test('blocks that shrink are compressed soon after blocks that do not', () => {
  const packer = new BlockPacker(lz4Codec)
  for (let i = 0; i < 1000; i++) packer.pack(noise)
  let unpacked = 0
  while (packer.pack(zeros).codecId === noneCodec.id) unpacked++
  assert.ok(unpacked <= 16, `${unpacked} blocks`)
  for (let i = 0; i < 100; i++) assert.equal(packer.pack(zeros).codecId, lz4Codec.id)
})

test('a few blocks that do not shrink leave their neighbours compressed', () => {
  const packer = new BlockPacker(lz4Codec)
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 3; j++) packer.pack(noise)
    assert.equal(packer.pack(zeros).codecId, lz4Codec.id)
  }
})

test('with codec none nothing is compressed', () => {
  const packer = new BlockPacker(noneCodec)
  for (let i = 0; i < 10; i++) assert.equal(packer.pack(zeros).payload, zeros)
})
