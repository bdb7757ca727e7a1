import { hashBytes } from '../../../base/bytes/hash.js'
import { BloomFilter, BloomFilterBuilder } from '../../../sstable/format/bloom-filter.js'
import { ScatteredKeys } from './scattered-keys.js'

/** The measured false positive rate, and the rate in theory with independent probes. */
interface FilterRate {
  readonly bitsPerKey: number
  readonly measured: number
  readonly theory: number
}

/** With the optimal number of probes, each bit multiplies the rate by 2^(−ln 2). */
const ratePerBit = 0.6185

export function measureFilters(
  bitsPerKey: readonly number[],
  keyCount: number,
  reads: number,
): FilterRate[] {
  const keys = new ScatteredKeys(10 ** Math.ceil(Math.log10(Math.max(keyCount, reads))))
  return bitsPerKey.map((bits) => {
    const builder = new BloomFilterBuilder(bits)
    for (let i = 0; i < keyCount; i++) builder.add(hashOf(keys.present(i)))
    const filter = BloomFilter.decode(builder.finish(), 'a filter', 0)
    let letThrough = 0
    for (let i = 0; i < reads; i++) if (filter.mayContain(hashOf(keys.absent(i)))) letThrough++
    return { bitsPerKey: bits, measured: letThrough / reads, theory: ratePerBit ** bits }
  })
}

function hashOf(key: Buffer): number {
  return hashBytes(key, 0, key.length)
}
