/** Safe integers as unsigned 64-bit numbers, little-endian: two u32, the low half first. */

const twoTo32 = 0x100000000

export function writeU64(target: Buffer, offset: number, value: number): void {
  target.writeUInt32LE(value % twoTo32, offset)
  target.writeUInt32LE(Math.floor(value / twoTo32), offset + 4)
}

/** The result may exceed 2^53 − 1 if the bytes come from a file; the caller must check. */
export function readU64(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset) + source.readUInt32LE(offset + 4) * twoTo32
}
