import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../testing/fast-check.js'
import { maxVarintBytes, varintLength, VarintReader, VarintWriter, writeVarint } from './varint.js'

const edges = [0, 1, 127, 128, 16383, 16384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 35, 2 ** 49]
const value = fc.oneof(
  fc.constantFrom(...edges, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
  fc.nat(300),
)

/** The definition, in BigInt. */
function encoded(value: number): number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return bytes
}

test('writes the LEB128 form of every safe integer, and nothing after it', () => {
  fc.assert(
    fc.property(value, (value) => {
      const target = Buffer.alloc(maxVarintBytes + 2, 0xee)
      const end = writeVarint(target, 1, value)
      assert.deepEqual([...target.subarray(1, end)], encoded(value))
      assert.equal(end - 1, varintLength(value))
      assert.ok(target.subarray(end).every((byte) => byte === 0xee))
    }),
  )
  assert.equal(varintLength(Number.MAX_SAFE_INTEGER), maxVarintBytes)
})

test('reads back the written numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.uint8Array({ maxLength: 400 }))), (entries) => {
      const writer = new VarintWriter()
      for (const [value, bytes] of entries) writer.write(value).writeLengthPrefixed(bytes)
      const reader = new VarintReader(writer.finish())
      for (const [value, bytes] of entries) {
        assert.equal(reader.read(), value)
        assert.deepEqual([...reader.readLengthPrefixed()], [...bytes])
      }
      assert.equal(reader.failed, false)
      assert.equal(reader.offset, reader.end)
    }),
  )
})

test('a truncated number fails, and the reader stays failed', () => {
  fc.assert(
    fc.property(value, fc.nat(maxVarintBytes), (value, cut) => {
      const bytes = Buffer.from(encoded(value))
      fc.pre(cut < bytes.length)
      const reader = new VarintReader(bytes, 0, cut)
      assert.equal(reader.read(), 0)
      assert.equal(reader.failed, true)
    }),
  )
})

test('reading any bytes stays within the end and within safe integers', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(30), (bytes, end) => {
      const reader = new VarintReader(bytes, 0, Math.min(end, bytes.length))
      for (let i = 0; i < 5; i++) {
        assert.ok(Number.isSafeInteger(reader.read()))
        assert.ok(reader.readLengthPrefixed().length <= bytes.length)
        assert.ok(reader.offset <= reader.end)
      }
    }),
  )
})

test('a number above 2^53−1, or of too many bytes, fails', () => {
  const afterSevenBytesOf = (byte: number, ...last: number[]) => {
    const reader = new VarintReader(Uint8Array.of(...new Array<number>(7).fill(byte), ...last))
    return { value: reader.read(), failed: reader.failed }
  }
  assert.deepEqual(afterSevenBytesOf(0xff, 0x0f), {
    value: Number.MAX_SAFE_INTEGER,
    failed: false,
  })
  assert.deepEqual(afterSevenBytesOf(0xff, 0x1f), { value: 0, failed: true })
  assert.deepEqual(afterSevenBytesOf(0x80, 0x80, 0), { value: 0, failed: true })
})

test('a length that reaches past the end returns no bytes', () => {
  const reader = new VarintReader(Uint8Array.of(5, 1, 2))
  assert.equal(reader.readLengthPrefixed().length, 0)
  assert.equal(reader.failed, true)
})
