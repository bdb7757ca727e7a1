import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../varve/dist/base/testing/fast-check.js'
import { readLineBytes } from './lines.js'

async function linesOf(...chunks: (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = []
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  for await (const line of readLineBytes(source())) lines.push(line.toString())
  return lines
}

test('lines end with \\n or \\r\\n, the last one with the input', async () => {
  assert.deepEqual(await linesOf('a\nb\r\n\nc'), ['a', 'b', '', 'c'])
  assert.deepEqual(await linesOf('a\n'), ['a'])
  assert.deepEqual(await linesOf(), [])
})

test('a line separator of Unicode is part of a line, a lone \\r too', async () => {
  assert.deepEqual(await linesOf('a\u2028b\rc\n'), ['a\u2028b\rc'])
})

test('where chunks end makes no difference, even within a character', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'é', '😀', '\n', '\r\n'))
    .map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(20)), async (whole, cuts) => {
      const bytes = Buffer.from(whole)
      const ends = [...cuts, bytes.length].sort((a, b) => a - b)
      const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
      assert.deepEqual(await linesOf(...chunks), await linesOf(whole))
    }),
  )
})
