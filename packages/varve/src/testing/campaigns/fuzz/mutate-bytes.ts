import type { Prng } from '../../../base/prng.js'
import { varintLength, writeVarint } from '../../../base/bytes/varint.js'

/** Numbers that break readers: ends of ranges, sign changes, and their neighbours. */
export const edgeNumbers: readonly number[] = [
  0,
  1,
  2,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 52,
  Number.MAX_SAFE_INTEGER - 1,
  Number.MAX_SAFE_INTEGER,
]

/** A mutated copy. The mutations imitate faults seen in practice and the tricks of attackers. */
export function mutateBytes(bytes: Buffer, random: Prng): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  for (let i = random.pick([1, 1, 1, 2, 5]); i > 0; i--) changed = mutateOnce(changed, random)
  return changed
}

function mutateOnce(bytes: Buffer, random: Prng): Buffer {
  if (bytes.length === 0) return random.bytes(random.below(20))
  const at = random.below(bytes.length)
  const end = Math.min(bytes.length, at + random.pick([1, 4, 16, 300, 5000]))
  switch (random.below(9)) {
    case 0:
      bytes[at] ^= 1 << random.below(8)
      return bytes
    case 1:
      bytes[at] = random.pick([0, 1, 2, 3, 0x7f, 0x80, 0xff])
      return bytes
    case 2:
      return writeEdge(bytes, at, random)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(end - at), bytes.subarray(at)])
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 6:
      return bytes.fill(0, at, end)
    case 7:
      return bytes.subarray(0, at)
    default: {
      const from = random.below(bytes.length)
      bytes.copy(bytes, at, from, Math.min(bytes.length, from + end - at))
      return bytes
    }
  }
}

/** Overwrites the bytes at `at` with an edge number, in one of the encodings that files use. */
function writeEdge(bytes: Buffer, at: number, random: Prng): Buffer {
  const number = random.pick(edgeNumbers)
  const way = random.below(3)
  if (way === 0 && at + 4 <= bytes.length) {
    bytes.writeUInt32LE(number % 2 ** 32, at)
    return bytes
  }
  if (way === 1 && at + 8 <= bytes.length) {
    bytes.writeBigUInt64LE(BigInt(number), at)
    return bytes
  }
  const varint = Buffer.alloc(varintLength(number))
  writeVarint(varint, 0, number)
  return Buffer.concat([bytes.subarray(0, at), varint, bytes.subarray(at + 1)])
}
