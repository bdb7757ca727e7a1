import type { VarintReader } from '../base/bytes/varint.js'
import { VarintWriter } from '../base/bytes/varint.js'

/**
 * What the MANIFEST keeps of a keyspace:
 *
 *     ┌────────┬──────────────────────┬───────────────────────────────────┐
 *     │ id     │ length, name (UTF-8) │ length, options (a JSON object)   │
 *     └────────┴──────────────────────┴───────────────────────────────────┘
 *
 * The engine below the database does not interpret the options.
 */
export interface KeyspaceRecord {
  /** Its number in logged operations and edits. Never used again after a drop. */
  readonly id: number
  readonly name: string
  /** A JSON object. */
  readonly options: string
}

/** The largest id: an operation in the log has two bytes for it. */
export const maxKeyspaceId = 0xffff

/** The longest name, in bytes of UTF-8. */
export const maxKeyspaceNameBytes = 255

export function encodeKeyspaceRecord({ id, name, options }: KeyspaceRecord): Buffer {
  return new VarintWriter()
    .write(id)
    .writeLengthPrefixed(Buffer.from(name))
    .writeLengthPrefixed(Buffer.from(options))
    .finish()
}

/** Sets `field.failed` if the bytes are no record. */
export function decodeKeyspaceRecord(field: VarintReader): KeyspaceRecord {
  const id = field.read()
  const name = Buffer.from(field.readLengthPrefixed()).toString()
  const options = Buffer.from(field.readLengthPrefixed()).toString()
  const isSound = id >= 1 && id <= maxKeyspaceId && name !== '' && isObject(options)
  if (!isSound) field.failed = true
  return { id, name, options }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    // Not JSON: the caller reports damage.
    return false
  }
}
