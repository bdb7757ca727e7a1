import { closing } from './closing.js'
import type { Limit } from './limit.js'
import { nestedRangeDeletes, openIterators, tinyBatches, tombstones } from './numbers.js'
import { hugeValues, longKeys } from './sizes.js'

export const limits: Readonly<Record<string, Limit>> = {
  'huge values': hugeValues,
  'long keys': longKeys,
  'tiny batches': tinyBatches,
  'open iterators': openIterators,
  'tombstones in a row': tombstones,
  'nested range deletes': nestedRangeDeletes,
  'close during all kinds of work': closing,
}
