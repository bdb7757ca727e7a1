import { base64 } from '../live/tree-differ.js'
import type { BinaryDatabase } from '../live/broadcast.js'
import type { ValueAnswer } from '../protocol/answers.js'

/** The page gets no more of a value. */
const maxShownBytes = 64 << 10

/** The value of a key, or its start. */
export async function describeValue(db: BinaryDatabase, key: Uint8Array): Promise<ValueAnswer> {
  const value = await db.get(key)
  if (value === undefined) return { found: false }
  return {
    found: true,
    sizeBytes: value.length,
    start: base64(value.subarray(0, maxShownBytes)),
  }
}
