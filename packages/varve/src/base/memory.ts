/**
 * Memory for loops over many entries: as bytes, and as a DataView, which reads and writes four
 * bytes in the time of one.
 */
export class Memory {
  readonly view: DataView

  constructor(readonly bytes: Buffer) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  static allocate(sizeBytes: number): Memory {
    return new Memory(Buffer.allocUnsafeSlow(sizeBytes))
  }
}
