import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from '../base/bytes/checksum.js'
import { VarveError } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import type { FileSystem } from '../fs/file-system.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { inputEntry } from '../testing/kit/input-entry.js'
import { deflateCodec, noneCodec } from './block/codec.js'
import { TableWriter } from './table-writer.js'
import { footerBytes, headerBytes } from './format/table-format.js'
import { openTable, randomEntries, type ModelEntry } from './testing/random-table.js'
import { firstSeed } from '../base/testing/seed.js'

const random = new Prng(firstSeed(77))
const entries = randomEntries(random, 12)

function table(codec = noneCodec, blockBytes = 200): Buffer {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs.create('/t'), { blockBytes, filterBitsPerKey: 10, codec }, 0)
  for (const entry of entries) writer.add(inputEntry(entry))
  writer.addRangeTombstone(Buffer.from('a'), Buffer.from('c'), 7)
  const bytes = Buffer.alloc(writer.finish().sizeBytes)
  fs.openForRead('/t').read(bytes, 0, bytes.length, 0)
  return bytes
}

function store(bytes: Buffer): FileSystem {
  const fs = new MemoryFileSystem()
  fs.create('/t').append(bytes, 0, bytes.length)
  return fs
}

/** All that the table says, or the code of the error that it ends with. */
function contentOf(bytes: Buffer, verify: boolean): ModelEntry[] | string {
  const fs = store(bytes)
  try {
    const reader = openTable(fs, '/t')
    if (verify) reader.verify()
    const iterator = reader.iterator({ mayRead: true, fillCache: false, readAheadBytes: 0 })
    const found: ModelEntry[] = []
    for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
      found.push({
        key: Buffer.from(iterator.keyBytes.subarray(iterator.keyStart, iterator.keyEnd)),
        sequence: iterator.sequence,
        kind: iterator.kind,
        value: Buffer.from(iterator.valueBytes.subarray(iterator.valueStart, iterator.valueEnd)),
      })
    }
    iterator.close()
    reader.close()
    return found
  } catch (error) {
    assert.ok(error instanceof VarveError, String(error))
    assert.equal(error.file, '/t')
    return error.code
  }
}

for (const codec of [noneCodec, deflateCodec]) {
  test(`every flipped bit is reported (${codec.name})`, () => {
    const bytes = table(codec)
    assert.deepEqual(contentOf(bytes, true), entries)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7)
      const content = contentOf(bytes, false)
      assert.ok(content === 'CORRUPTION' || content === 'UNSUPPORTED_FORMAT', `bit ${bit}`)
      bytes[bit >> 3] ^= 1 << (bit & 7)
    }
  })

  test(`a table cut off anywhere is reported (${codec.name})`, () => {
    const bytes = table(codec)
    for (let end = 0; end < bytes.length; end++) {
      assert.equal(contentOf(bytes.subarray(0, end), false), 'CORRUPTION', `${end} bytes`)
    }
    const [body, footer, extra] = [
      bytes.subarray(0, -footerBytes),
      bytes.subarray(-footerBytes),
      Buffer.alloc(1),
    ]
    assert.equal(contentOf(Buffer.concat([body, footer, extra]), false), 'CORRUPTION')
    assert.equal(contentOf(Buffer.concat([body, extra, footer]), false), 'CORRUPTION')
  })
}

test("verify finds a writer's mistakes under correct checksums", () => {
  const bytes = table(noneCodec, 100_000)
  const blockEnd = bytes.readUInt32LE(bytes.length - footerBytes)
  for (let at = headerBytes; at < blockEnd - 5; at++) {
    for (const mask of [1, 0x80]) {
      const changed = Buffer.from(bytes)
      changed[at] ^= mask
      changed.writeUInt32LE(crc32(changed.subarray(headerBytes, blockEnd - 4)), blockEnd - 4)
      const content = contentOf(changed, true)
      if (typeof content === 'string') continue
      // Values, and sequences that stay in order, are the writer's word alone.
      assert.notDeepEqual(content, entries, `byte ${at} means nothing`)
      assert.deepEqual(content.map(withoutWord), entries.map(withoutWord), `byte ${at}`)
      const rises = (entry: ModelEntry, i: number): boolean =>
        i > 0 && entry.key.equals(content[i - 1].key) && entry.sequence >= content[i - 1].sequence
      assert.ok(!content.some(rises), `byte ${at} puts versions out of order`)
    }
  }
})

function withoutWord({ key, kind, value }: ModelEntry): unknown[] {
  return [key.toString('hex'), kind, value.length]
}
