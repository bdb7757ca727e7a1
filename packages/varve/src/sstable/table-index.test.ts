import { forEachSeed } from '../base/testing/seed.js'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import { headerBytes } from './format/table-format.js'
import { TableIndex, TableIndexBuilder } from './table-index.js'
import { randomKey } from './testing/random-table.js'

const blockSize = 100

function build(separators: readonly Buffer[]): { payload: Buffer; dataEnd: number } {
  const builder = new TableIndexBuilder()
  let offset = headerBytes
  for (const separator of separators) {
    builder.add(separator, { offset, sizeBytes: blockSize })
    offset += blockSize
  }
  return { payload: Buffer.from(builder.finish()), dataEnd: offset }
}

function decode(payload: Buffer, count: number, dataEnd: number): TableIndex {
  return TableIndex.decode(payload, count, dataEnd, 'f', { offset: 9, sizeBytes: payload.length })
}

test('finds the first block whose separator is not below the key', () => {
  forEachSeed(300, (seed) => {
    const random = new Prng(seed)
    const prefix = random.pick(['', 'p', 'user:', 'user:000000', '\xff\xff\xff'])
    const count = random.below(60)
    const separators = Array.from({ length: count }, () =>
      random.chance(0.5)
        ? randomKey(random, prefix)
        : Buffer.concat([Buffer.from(prefix, 'latin1'), random.bytes(random.below(9))]),
    ).sort(compareBytes)
    const { payload, dataEnd } = build(separators)
    const index = decode(payload, count, dataEnd)
    const cut = separators.map((s) => s.subarray(0, random.below(s.length + 1)))
    const more = Array.from({ length: 30 }, () => randomKey(random, prefix))
    for (const key of [...separators, ...cut, ...more, Buffer.alloc(0)]) {
      let expected = 0
      while (expected < count && compareBytes(separators[expected], key) < 0) expected++
      assert.equal(index.find(key, key.length), expected, key.toString('hex'))
    }
  })
})

test('an index that does not span its blocks is damage', () => {
  const { payload, dataEnd } = build([Buffer.from('a'), Buffer.from('b')])
  const index = decode(payload, 2, dataEnd)
  assert.equal(index.offsetOf(1), headerBytes + blockSize)
  assert.equal(index.sizeOf(1), blockSize)
  const damaged = { code: 'CORRUPTION', offset: 9 }
  assert.throws(() => decode(payload, 1, dataEnd), damaged)
  assert.throws(() => decode(payload, 3, dataEnd), damaged)
  assert.throws(() => decode(payload, 1e9, dataEnd), damaged)
  assert.throws(() => decode(payload, 2, dataEnd + 1), damaged)
  for (let end = 0; end < payload.length; end++) {
    assert.throws(() => decode(payload.subarray(0, end), 2, dataEnd), damaged)
  }
})
