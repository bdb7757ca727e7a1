/**
 * Counts durations in buckets that grow with them, as HdrHistogram does: 32 in every doubling, so
 * that a percentile is right to 3% from nanoseconds to hours, in fixed memory.
 *
 * Bucket of n ns: n itself below 64; above, the five bits that follow its top bit, and its length.
 */
export class LatencyHistogram {
  count = 0
  maxNs = 0
  #buckets = new Uint32Array(64 + 48 * 32)

  /** Adds one duration in milliseconds. */
  record(durationMs) {
    const ns = durationMs * 1e6
    this.count++
    if (ns > this.maxNs) this.maxNs = ns
    this.#buckets[bucketOf(ns)]++
  }

  /** Microseconds that `share` (0 to 1) of the durations did not exceed. */
  percentileUs(share) {
    let left = Math.ceil(this.count * share)
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      left -= this.#buckets[bucket]
      if (left <= 0) return Math.min(upperNs(bucket), this.maxNs) / 1000
    }
    return this.maxNs / 1000
  }

  /** @returns {[number, number][]} microseconds and the share of durations up to there */
  curve() {
    const points = []
    let seen = 0
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      if (this.#buckets[bucket] === 0) continue
      seen += this.#buckets[bucket]
      const us = Math.min(upperNs(bucket), this.maxNs) / 1000
      points.push([Number(us.toPrecision(4)), Number((seen / this.count).toFixed(6))])
    }
    return points
  }
}

function bucketOf(ns) {
  let scaled = ns
  let doublings = 0
  if (scaled >= 0x80000000) {
    // Beyond 32 bits arithmetic takes over from clz32.
    doublings = Math.ceil(Math.log2(scaled / 0x40000000))
    scaled /= 2 ** doublings
  }
  const whole = scaled | 0
  if (whole < 64 && doublings === 0) return whole
  const shift = 26 - Math.clz32(whole)
  return 32 * (shift + doublings) + (whole >>> shift)
}

function upperNs(bucket) {
  if (bucket < 64) return bucket + 1
  const shift = (bucket >>> 5) - 1
  return ((bucket & 31) + 33) * 2 ** shift
}
