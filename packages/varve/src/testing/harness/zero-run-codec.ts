import type { BlockCodec } from '../../sstable/block/codec.js'

/** A custom codec in a module that the background thread loads. It shortens runs of zeros. */
export const codec: BlockCodec = {
  id: 77,
  name: 'zero-run',
  compress: (bytes) => Buffer.concat([lengthOf(bytes), withoutZeros(bytes)]),
  decompress(bytes, maxBytes) {
    const length = bytes.readUInt32LE(0)
    if (length > maxBytes) throw new RangeError('more bytes than a block can hold')
    return restored(bytes.subarray(4), length)
  },
}

const escape = 0xfe

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return length
}

/** Replaces runs of up to 255 zeros with an escape byte and their length. */
function withoutZeros(bytes: Buffer): Buffer {
  const out: number[] = []
  for (let i = 0; i < bytes.length;) {
    let run = 0
    while (run < 255 && i + run < bytes.length && bytes[i + run] === 0) run++
    if (run > 0) {
      out.push(escape, run)
      i += run
    } else {
      if (bytes[i] === escape) out.push(escape, 0)
      else out.push(bytes[i])
      i++
    }
  }
  return Buffer.from(out)
}

function restored(packed: Buffer, length: number): Buffer {
  const out = Buffer.alloc(length)
  let at = 0
  for (let i = 0; i < packed.length; i++) {
    if (packed[i] !== escape) out[at++] = packed[i]
    else if (packed[++i] === 0) out[at++] = escape
    else at += packed[i]
  }
  return out
}
