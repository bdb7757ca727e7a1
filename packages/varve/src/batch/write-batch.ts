import { ByteSink } from '../base/bytes/byte-sink.js'
import { invalidArgument, type VarveError } from '../base/errors.js'
import { writeU64 } from '../base/bytes/u64.js'
import { expiryBytes } from '../key/expiry.js'
import { maxBoundBytes, maxKeyBytes, maxValueBytes, requireKeyLength } from '../key/limits.js'
import { ValueKind } from '../key/value-kind.js'
import {
  countOffset,
  groupHeaderBytes,
  maxGroupOperations,
  maxGroupPayloadBytes,
  operationHeaderBytes,
  payloadType,
  sequenceOffset,
  unboundedFlag,
} from './batch-format.js'

/** Initial buffer of a batch. */
const firstBufferBytes = 64 * 1024

/**
 * A buffer larger than `mostKeptBytes` is released after its group, so that one huge value does not
 * occupy memory. One larger than `alwaysKeptBytes` is kept only while groups fill a quarter of it.
 */
const mostKeptBytes = 32 * 1024 * 1024
const alwaysKeptBytes = 4 * 1024 * 1024

/**
 * Space for a short text is reserved before its UTF-8 length is known; the excess is at most this.
 */
const maxExcessBytes = 16 * 1024

/**
 * Operations collected for one commit. Each is encoded into the payload of a log record as it
 * arrives. The buffer starts with free space for the record's header, so that the log appends it
 * without a copy.
 *
 * Owned by: the commit pipeline, which fills one while the other is being committed.
 *
 * An operation is written in steps, so that encodings can write keys and values in place:
 *
 *     batch.begin(ValueKind.put, 0); write the key; batch.endKey(); write the value; batch.end()
 *
 * When a step throws, `rollback` to an earlier mark removes the incomplete operation.
 */
export class WriteBatch extends ByteSink {
  /** Operations in the batch. */
  count = 0
  /** Bytes of keys and values, without headers and expiry times. */
  userBytes = 0
  private sharesByKeyspace: Map<number, BatchShare> | undefined
  private operationStart = 0
  private isBetween = true
  private keyEnd = 0

  constructor(
    /** Free bytes before the payload. */
    readonly headroomBytes: number,
    initialBytes = firstBufferBytes,
  ) {
    super(initialBytes)
    this.length = this.payloadStart
  }

  /** Size of the payload, including its header. */
  get payloadBytes(): number {
    return this.length - this.headroomBytes
  }

  get isEmpty(): boolean {
    return this.count === 0
  }

  /** What each keyspace but the default one has in the batch; undefined for nothing. */
  get shares(): ReadonlyMap<number, BatchShare> | undefined {
    return this.sharesByKeyspace
  }

  /** Throws inside another operation: the user's encoding wrote to the database. */
  begin(kind: ValueKind, keyspace: number): void {
    this.assertBetween()
    this.reserve(operationHeaderBytes)
    this.isBetween = false
    const { buffer, length } = this
    this.operationStart = length
    buffer[length] = kind
    buffer[length + 1] = 0
    buffer[length + 2] = keyspace & 255
    buffer[length + 3] = keyspace >>> 8
    this.length = length + operationHeaderBytes
  }

  /** Call it after the bytes of the key. */
  endKey(): void {
    this.keyEnd = this.length
    requireKeyLength(this.length - this.operationStart - operationHeaderBytes)
  }

  /** For a put with expiry: call it between `endKey` and the bytes of the value. */
  writeExpiry(expiresAtMs: number): void {
    this.reserve(expiryBytes)
    this.length = this.buffer.writeUIntLE(expiresAtMs, this.length, expiryBytes)
  }

  /** Call it after the bytes of the value; for a delete, right after `endKey`. */
  end(): void {
    const { buffer, operationStart } = this
    const keyBytes = this.keyEnd - operationStart - operationHeaderBytes
    const valueBytes = this.length - this.keyEnd
    const isExpiring = buffer[operationStart] === ValueKind.putWithExpiry
    const userValueBytes = isExpiring ? valueBytes - expiryBytes : valueBytes
    if (userValueBytes < 0) throw invalidArgument('an encoding must only append to its sink')
    if (userValueBytes > maxValueBytes) throw tooLong(userValueBytes)
    if (this.payloadBytes > maxGroupPayloadBytes || this.count >= maxGroupOperations) {
      throw invalidArgument(
        `one commit may have at most ${maxGroupPayloadBytes} bytes and ` +
          `${maxGroupOperations} operations; await some writes before you issue more`,
      )
    }
    writeU32(buffer, operationStart + 4, keyBytes)
    writeU32(buffer, operationStart + 8, valueBytes)
    const keyspace = keyspaceAt(buffer, operationStart)
    if (keyspace !== 0) this.addToShare(keyspace, this.length - operationStart)
    this.count++
    this.userBytes += keyBytes + userValueBytes
    this.isBetween = true
  }

  /** Deletes all keys k with start ≤ k < end; null means no upper bound. Requires: start < end. */
  rangeDelete(keyspace: number, start: Uint8Array, end: Uint8Array | null): void {
    if (start.length > maxBoundBytes || (end !== null && end.length > maxBoundBytes)) {
      throw invalidArgument(`a bound of a range may have at most ${maxKeyBytes} bytes`)
    }
    this.begin(ValueKind.rangeDelete, keyspace)
    try {
      if (end === null) this.buffer[this.operationStart + 1] = unboundedFlag
      this.appendBytes(start)
      this.keyEnd = this.length
      if (end !== null) this.appendBytes(end)
      this.end()
    } catch (error) {
      this.cancel()
      throw error
    }
  }

  /** Throws while an operation is being written, as `begin` does. */
  assertBetween(): void {
    if (this.isBetween) return
    throw invalidArgument('a codec or toJSON must not write to the database while it encodes')
  }

  /** Removes the unfinished operation. */
  cancel(): void {
    this.length = this.operationStart
    this.isBetween = true
  }

  /** The current end of the batch, for `rollback`. */
  mark(): BatchMark {
    return { length: this.length, count: this.count, userBytes: this.userBytes }
  }

  rollback(mark: BatchMark): void {
    this.length = mark.length
    this.count = mark.count
    this.userBytes = mark.userBytes
    if (this.sharesByKeyspace !== undefined) this.countSharesAgain()
  }

  /** Writes the payload's header. The payload is `buffer[headroomBytes, length)`. */
  seal(firstSequence: number): void {
    const { buffer, headroomBytes: start } = this
    buffer.fill(0, start, start + groupHeaderBytes)
    buffer[start] = payloadType.operations
    writeU32(buffer, start + countOffset, this.count)
    writeU64(buffer, start + sequenceOffset, firstSequence)
  }

  /** Empties the batch for its next use. */
  clear(): void {
    if (!this.isWorthKeeping()) this.buffer = Buffer.allocUnsafeSlow(firstBufferBytes)
    this.length = this.payloadStart
    this.count = 0
    this.userBytes = 0
    this.sharesByKeyspace = undefined
  }

  /** Rejects a value that is far too long before it takes memory; `end` checks the exact length. */
  protected override grow(extra: number): void {
    const isValue = !this.isBetween && this.keyEnd > this.operationStart
    const valueBytes = this.length + extra - this.keyEnd
    if (isValue && valueBytes > maxValueBytes + maxExcessBytes) throw tooLong(valueBytes)
    super.grow(extra)
  }

  private addToShare(keyspace: number, payloadBytes: number): void {
    const shares = (this.sharesByKeyspace ??= new Map<number, BatchShare>())
    const share = shares.get(keyspace)
    if (share === undefined) shares.set(keyspace, { payloadBytes, operations: 1 })
    else {
      share.payloadBytes += payloadBytes
      share.operations++
    }
  }

  private countSharesAgain(): void {
    this.sharesByKeyspace = undefined
    for (let at = this.payloadStart; at < this.length;) {
      const { buffer } = this
      const bodyBytes = buffer.readUInt32LE(at + 4) + buffer.readUInt32LE(at + 8)
      const keyspace = keyspaceAt(buffer, at)
      if (keyspace !== 0) this.addToShare(keyspace, operationHeaderBytes + bodyBytes)
      at += operationHeaderBytes + bodyBytes
    }
  }

  private isWorthKeeping(): boolean {
    const { length } = this.buffer
    if (length <= alwaysKeptBytes) return true
    return length <= mostKeptBytes && this.length >= length / 4
  }

  private get payloadStart(): number {
    return this.headroomBytes + groupHeaderBytes
  }
}

export interface BatchMark {
  readonly length: number
  readonly count: number
  readonly userBytes: number
}

/** What one keyspace has in a batch. */
export interface BatchShare {
  payloadBytes: number
  operations: number
}

function keyspaceAt(buffer: Buffer, operationStart: number): number {
  return buffer[operationStart + 2] | (buffer[operationStart + 3] << 8)
}

function tooLong(valueBytes: number): VarveError {
  return invalidArgument(
    `a value may have at most ${maxValueBytes} bytes; this one has ${valueBytes}`,
  )
}

function writeU32(buffer: Buffer, offset: number, value: number): void {
  buffer[offset] = value & 255
  buffer[offset + 1] = (value >>> 8) & 255
  buffer[offset + 2] = (value >>> 16) & 255
  buffer[offset + 3] = value >>> 24
}
