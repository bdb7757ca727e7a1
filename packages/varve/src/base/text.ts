/** A Buffer, and the method that its `toString` ends in. */
interface SliceableBuffer extends Buffer {
  utf8Slice?(start: number, end: number): string
}

const hasSlice = typeof (Buffer.prototype as SliceableBuffer).utf8Slice === 'function'

/**
 * The text of the UTF-8 bytes `bytes[start, end)`. `Buffer.toString` looks its arguments over before it
 * calls `utf8Slice`, for a sixth of the time that a short text takes; every runtime has that method, but
 * none documents it.
 */
export const textOf: (bytes: Buffer, start: number, end: number) => string = hasSlice
  ? (bytes, start, end) => (bytes as Required<SliceableBuffer>).utf8Slice(start, end)
  : (bytes, start, end) => bytes.toString('utf8', start, end)
