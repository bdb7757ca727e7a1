import { compareRanges } from '../base/bytes/bytes.js'
import { readU64 } from '../base/bytes/u64.js'
import { isValueLength } from '../key/expiry.js'
import { maxBoundBytes, maxKeyBytes } from '../key/limits.js'
import { isReservedKind, isSupportedKind, ValueKind } from '../key/value-kind.js'
import {
  countOffset,
  groupHeaderBytes,
  operationHeaderBytes,
  payloadType,
  sequenceOffset,
  unboundedFlag,
} from './batch-format.js'

/**
 * Walks the operations of a commit group's payload, `bytes[start, end)`. The fields describe the
 * current operation and are valid as long as the bytes are.
 *
 * The bytes may come from a file. If they are invalid, `problem` describes the fault and `next`
 * returns false.
 */
export class BatchReader {
  count = 0
  firstSequence = 0

  kind = 0
  keyspace = 0
  sequence = 0
  keyStart = 0
  keyEnd = 0
  valueStart = 0
  valueEnd = 0
  unbounded = false

  problem: string | undefined
  /** Whether the problem is a newer format, rather than damage. */
  isUnsupported = false

  bytes: Buffer = Buffer.alloc(0)
  private end = 0
  private offset = 0
  private index = 0

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.end = end
    this.index = 0
    this.count = 0
    this.problem = undefined
    this.isUnsupported = false
    if (end - start < groupHeaderBytes || bytes[start] !== payloadType.operations) {
      this.problem = 'not a commit group'
      return
    }
    this.count = bytes.readUInt32LE(start + countOffset)
    this.firstSequence = readU64(bytes, start + sequenceOffset)
    this.offset = start + groupHeaderBytes
    const isSafe = Number.isSafeInteger(this.firstSequence + this.count - 1)
    if (!isSafe) this.problem = 'sequence too large'
  }

  /** Continues after the first `count` operations. Requires: they end at `offset`. */
  skipTo(offset: number, count: number): void {
    this.offset = offset
    this.index = count
  }

  /** Moves to the next operation. False after the last operation or at a problem. */
  next(): boolean {
    if (this.problem !== undefined) return false
    if (this.index === this.count) {
      if (this.offset !== this.end) this.problem = 'bytes after the last operation'
      return false
    }
    const { bytes, offset, end } = this
    if (offset + operationHeaderBytes > end) return this.fail('operation cut short')
    this.kind = bytes[offset]!
    this.unbounded = (bytes[offset + 1] & unboundedFlag) !== 0
    this.keyspace = bytes[offset + 2] | (bytes[offset + 3] << 8)
    this.keyStart = offset + operationHeaderBytes
    this.keyEnd = this.keyStart + readU32(bytes, offset + 4)
    this.valueStart = this.keyEnd
    this.valueEnd = this.valueStart + readU32(bytes, offset + 8)
    if (this.valueEnd > end) return this.fail('key or value cut short')
    if (!isSupportedKind(this.kind)) {
      this.isUnsupported = isReservedKind(this.kind)
      return this.fail(`operation of kind ${this.kind}`)
    }
    if (this.kind === ValueKind.rangeDelete) {
      if (!this.isRange(bytes[offset + 1])) return this.fail('an invalid range')
    } else if (this.keyEnd === this.keyStart || this.keyEnd - this.keyStart > maxKeyBytes) {
      return this.fail('a key of invalid length')
    } else if (!isValueLength(this.kind, this.valueEnd - this.valueStart)) {
      return this.fail('a value of invalid length')
    }
    this.sequence = this.firstSequence + this.index++
    this.offset = this.valueEnd
    return true
  }

  /** Whether the range delete has valid bounds and is not empty. */
  private isRange(flags: number): boolean {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = this
    if (flags > unboundedFlag || keyEnd - keyStart > maxBoundBytes) return false
    if (this.unbounded) return valueStart === valueEnd
    if (valueEnd - valueStart > maxBoundBytes) return false
    return compareRanges(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd) < 0
  }

  private fail(problem: string): false {
    this.problem = problem
    return false
  }
}

function readU32(bytes: Buffer, offset: number): number {
  return (
    (bytes[offset] |
      (bytes[offset + 1] << 8) |
      (bytes[offset + 2] << 16) |
      (bytes[offset + 3] << 24)) >>>
    0
  )
}
