import { crc32 } from '../../base/bytes/checksum.js'
import type { Memory } from '../../base/memory.js'
import type { WritableFile } from '../../fs/file-system.js'
import type { PackedBlock } from './stored-block.js'
import { trailerBytes } from '../format/table-format.js'

/** Bytes per write: enough to make the cost of the system call negligible. */
export const outputRoomBytes = 256 * 1024

/** The memory in which a table is built: `outputRoomBytes` of `memory`, from `start` on. */
export interface OutputRoom {
  readonly memory: Memory
  readonly start: number
}

/**
 * Collects the output of a table writer into large appends. A block may be built in place, in
 * `reserve`d space that starts at the end of the appended bytes.
 *
 *     start           end                               start + outputRoomBytes
 *     │ appended      │ a block being built   │         │
 *
 * Owned by: one TableWriter. Lives: until the file is written. The caller syncs and closes the
 * file.
 */
export class AppendBuffer {
  private end: number

  constructor(
    private readonly file: WritableFile,
    private readonly room: OutputRoom,
  ) {
    this.end = room.start
  }

  get memory(): Memory {
    return this.room.memory
  }

  /** Bytes appended so far, written to the file or not. */
  get sizeBytes(): number {
    return this.file.sizeBytes + this.end - this.room.start
  }

  /** Returns the place for `length` bytes. Requires: length ≤ outputRoomBytes. */
  reserve(length: number): number {
    if (this.end + length > this.room.start + outputRoomBytes) this.flush()
    return this.end
  }

  /** Requires: `bytes` stays unchanged only until this returns. */
  append(bytes: Buffer): void {
    if (bytes.length > outputRoomBytes) {
      this.flush()
      this.file.append(bytes, 0, bytes.length)
      return
    }
    const at = this.reserve(bytes.length)
    this.memory.bytes.set(bytes, at)
    this.end = at + bytes.length
  }

  /** Appends a block and its trailer. The payload may already be in place. */
  appendBlock({ payload, codecId }: PackedBlock): void {
    const { bytes, view } = this.memory
    const isInPlace =
      payload.buffer === bytes.buffer && payload.byteOffset === bytes.byteOffset + this.end
    if (!isInPlace && payload.length + trailerBytes > outputRoomBytes) {
      const trailer = Buffer.alloc(trailerBytes, codecId)
      trailer.writeUInt32LE(crc32(trailer.subarray(0, 1), crc32(payload)), 1)
      this.append(payload)
      this.append(trailer)
      return
    }
    const start = isInPlace ? this.end : this.reserve(payload.length + trailerBytes)
    if (!isInPlace) bytes.set(payload, start)
    const payloadEnd = start + payload.length
    bytes[payloadEnd] = codecId
    view.setUint32(payloadEnd + 1, crc32(bytes.subarray(start, payloadEnd + 1)), true)
    this.end = payloadEnd + trailerBytes
  }

  flush(): void {
    const { start } = this.room
    if (this.end === start) return
    this.file.append(this.memory.bytes, start, this.end)
    this.end = start
  }
}
