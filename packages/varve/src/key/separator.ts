import { compareBytes, copyBytes, sharedPrefixLength } from '../base/bytes/bytes.js'

/**
 * A shortest byte string s with last ≤ s < next, or `last` itself when the two are equal. Short
 * separators keep the index small and their first bytes selective.
 *
 *     last  "apple pie"    "ab"     "a1 9"    "key"
 *     next  "banana"       "abc"    "a2"      "key"
 *     s     "b"            "ab"     "a1!"     "key"
 *
 * May return a view of `last` or `next`.
 */
export function shortestSeparator(last: Uint8Array, next: Uint8Array): Uint8Array {
  const shared = sharedPrefixLength(last, next)
  if (shared === last.length) return last
  // One byte more than the shared prefix is enough, unless that is all of `next`.
  if (next.length > shared + 1) return next.subarray(0, shared + 1)
  for (let i = shared; i < last.length - 1; i++) {
    if (last[i] === 0xff) continue
    const candidate = copyBytes(last, 0, i + 1)
    candidate[i]++
    if (compareBytes(candidate, next) < 0) return candidate
  }
  return last
}
