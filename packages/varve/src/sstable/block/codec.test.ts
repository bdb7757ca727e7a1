import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Memory } from '../../base/memory.js'
import { Prng } from '../../base/prng.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { AppendBuffer, outputRoomBytes } from './append-buffer.js'
import { CodecRegistry, deflateCodec, noneCodec, type BlockCodec } from './codec.js'
import { packBlock, unpackBlock } from './stored-block.js'
import { firstSeed } from '../../base/testing/seed.js'

const shout: BlockCodec = {
  id: 64,
  name: 'shout',
  compress: (bytes) => bytes.subarray(0, bytes.length / 2),
  decompress: (bytes) => Buffer.concat([bytes, bytes]),
}

const stored = (payload: Buffer, codec: BlockCodec): Buffer => {
  const fs = new MemoryFileSystem()
  const room = { memory: Memory.allocate(outputRoomBytes), start: 0 }
  const output = new AppendBuffer(fs.create('/f'), room)
  output.appendBlock(packBlock(payload, codec))
  output.flush()
  const bytes = Buffer.alloc(output.sizeBytes)
  fs.openForRead('/f').read(bytes, 0, bytes.length, 0)
  return bytes
}

test('a block survives a round trip with every codec', () => {
  const random = new Prng(firstSeed(3))
  const registry = new CodecRegistry([shout])
  const payloads = [Buffer.alloc(0), Buffer.from('ab'), Buffer.alloc(5000, 'xy'), random.bytes(999)]
  payloads.push(random.bytes(outputRoomBytes - 5), random.bytes(outputRoomBytes))
  for (const payload of payloads) {
    for (const codec of [noneCodec, deflateCodec]) {
      assert.deepEqual(unpackBlock(stored(payload, codec), registry, 'f', 0), payload)
    }
  }
  const packed = stored(Buffer.alloc(100, 'z'), shout)
  assert.equal(packed.length, 50 + 5)
  assert.deepEqual(unpackBlock(packed, registry, 'f', 0), Buffer.alloc(100, 'z'))
})

test('a block that does not shrink by an eighth is stored uncompressed', () => {
  const noise = new Prng(5).bytes(1000)
  assert.equal(packBlock(noise, deflateCodec).codecId, noneCodec.id)
  assert.equal(packBlock(Buffer.alloc(1000), deflateCodec).codecId, deflateCodec.id)
})

test('an unknown codec is reported as an unsupported format with its file', () => {
  const block = stored(Buffer.alloc(100), shout)
  assert.throws(() => unpackBlock(block, new CodecRegistry(), 'some.sst', 0), {
    code: 'UNSUPPORTED_FORMAT',
    file: 'some.sst',
  })
})

const allocate = (length: number): Buffer => Buffer.alloc(length)

test('deflate refuses invalid lengths before it allocates memory', () => {
  const packed = deflateCodec.compress(Buffer.alloc(1000))
  assert.throws(() => deflateCodec.decompress(packed, 999, allocate))
  const lying = Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 7]), packed.subarray(2)])
  assert.throws(() => deflateCodec.decompress(lying, 2 ** 31, allocate))
  const short = Buffer.concat([Buffer.from([0xe7, 0x07]), packed.subarray(2)])
  assert.throws(() => deflateCodec.decompress(short, 2 ** 31, allocate))
})

test('user codecs have their own range of ids', () => {
  assert.throws(() => new CodecRegistry([{ ...shout, id: 63 }]), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => new CodecRegistry([shout, shout]), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => new CodecRegistry([{ ...shout, name: 'none' }]), { code: 'INVALID_ARGUMENT' })
  assert.equal(new CodecRegistry([shout]).named('shout'), shout)
  assert.equal(new CodecRegistry().named('shout'), undefined)
})
