import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainBlock } from './block-layout.js'
import { showValue } from './value-text.js'

const encoder = new TextEncoder()

/** Two entries, their hashes, offsets and count, the codec and a checksum. */
const block = Uint8Array.from([
  ...[1, 1, 2, 5, ...encoder.encode('a'), ...encoder.encode('xy')],
  ...[4, 1, 7, 6, ...encoder.encode('b'), 0xe8, 3, 0, 0, 0, 0, ...encoder.encode('z')],
  ...[0x11, 0x22],
  ...[0, 0, 7, 0],
  ...[2, 0, 0, 0],
  ...[0, 0xef, 0xbe, 0xad, 0xde],
])

test('each byte of a block belongs to a field', () => {
  const layout = explainBlock(block)
  assert.ok(layout.isReadable)
  const fields = [...layout.entries.flatMap((entry) => entry.fields), ...layout.tail]
  let at = 0
  for (const { start, end } of fields) {
    assert.equal(start, at)
    at = end
  }
  assert.equal(at, block.length)
  const [put, expiring] = layout.entries
  assert.deepEqual([put.kind, put.sequenceDelta], ['put', 5])
  assert.deepEqual([textOf(put.key), textOf(put.value)], ['a', 'xy'])
  assert.deepEqual(
    [expiring.kind, expiring.expiresAtMs, textOf(expiring.value)],
    ['put with expiry', 1000, 'z'],
  )
  assert.match(layout.tail.at(-1)!.text, /0xdeadbeef/)
})

test('damage is named and never thrown', () => {
  for (let at = 0; at < block.length; at++) {
    for (const byte of [0, 3, 127, 128, 255]) {
      const damaged = block.slice()
      damaged[at] = byte
      const layout = explainBlock(damaged)
      if (!layout.isReadable) assert.match(layout.reason, /\.$/)
    }
    explainBlock(block.subarray(0, at))
  }
})

test('values are shown as JSON, text or hex', () => {
  const shown = (text: string) => showValue(encoder.encode(text), true)
  assert.deepEqual(shown('{"a":[1]}'), { as: 'JSON', text: '{\n  "a": [\n    1\n  ]\n}' })
  assert.equal(shown('12').as, 'text')
  assert.equal(shown('two\nlines').as, 'text')
  assert.deepEqual(showValue(Uint8Array.of(0, 255), true), { as: 'hex', text: '000000  00 ff ' })
  assert.equal(showValue(encoder.encode('{"a":'), false).as, 'text')
})

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
