import type { RangeOptions } from 'varve'
import type { BinaryDatabase } from './binary-database.js'

/** Keys that are read before `onProgress` may stop the count. */
const keysPerRead = 1000

/** Counts the keys of a range without reading a value; `onProgress` may throw to stop. */
export async function countKeys(
  reader: Pick<BinaryDatabase, 'cursor'>,
  range: RangeOptions<Uint8Array> = {},
  onProgress: (sofar: number) => void = () => {},
): Promise<number> {
  using cursor = reader.cursor({ ...range, projection: 'keys' })
  let count = 0
  for (;;) {
    const keys = await cursor.read(keysPerRead)
    if (keys.length === 0) return count
    count += keys.length
    onProgress(count)
  }
}
