import { readU64, writeU64 } from '../base/bytes/u64.js'
import { payloadType } from '../batch/batch-format.js'

/**
 * The first record of every write-ahead log: which log came before, and where it ended. Replay uses
 * it to notice that power loss removed the tail of one log but left the next one. Replay then drops
 * the later log too, because a tail may be lost but never a hole.
 *
 *     0   type                        u8   2
 *     1   zero                        u8 × 7
 *     8   number of the previous log  u64  0 = none
 *     16  its size in bytes           u64
 */
export interface LogStart {
  readonly previousLog: number
  readonly previousBytes: number
}

const logStartBytes = 24

export function encodeLogStart(start: LogStart): Buffer {
  const payload = Buffer.alloc(logStartBytes)
  payload[0] = payloadType.logStart
  writeU64(payload, 8, start.previousLog)
  writeU64(payload, 16, start.previousBytes)
  return payload
}

/** Undefined if the payload is not a log start. */
export function decodeLogStart(payload: Buffer): LogStart | undefined {
  if (payload.length !== logStartBytes || payload[0] !== payloadType.logStart) return undefined
  return { previousLog: readU64(payload, 8), previousBytes: readU64(payload, 16) }
}
