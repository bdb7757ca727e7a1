import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import type { FileSystem } from '../fs/file-system.js'
import { MemoryFileSystem } from '../fs/memory-file-system.js'
import { deflateCodec, noneCodec } from './codec.js'
import { TableWriter } from './table-writer.js'
import { openTable, randomEntries, type ModelEntry } from './testing/random-table.js'

const random = new Prng(77)
const entries = randomEntries(random, 12)

function table(codec = noneCodec): Buffer {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs, '/t', { blockBytes: 200, filterBitsPerKey: 10, codec }, 0)
  for (const { key, sequence, kind, value } of entries) {
    writer.add(key, 0, key.length, sequence, kind, value, 0, value.length)
  }
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
    assert.equal(contentOf(Buffer.concat([bytes, Buffer.from([0])]), false), 'CORRUPTION')
  })
}
