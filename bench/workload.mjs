// Records as db_bench makes them: 16-byte keys in random order, 100-byte values of which half the
// bytes repeat.

/** Deterministic 32-bit generator (mulberry32), so that every run does the same. */
export function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

export function keyOf(number) {
  return String(number).padStart(16, '0')
}

/** 0 … count−1 in random order. */
export function shuffled(count, seed) {
  const next = generator(seed)
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = next() % (i + 1)
    const swap = order[i]
    order[i] = order[j]
    order[j] = swap
  }
  return order
}

/** Gives values of `bytes` characters, cut from a pool in which every 50 random ones repeat once. */
export function valueSource(bytes, seed) {
  const next = generator(seed)
  const half = Math.ceil(bytes / 2)
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'
  const values = Array.from({ length: 1024 }, () => {
    const part = Array.from({ length: half }, () => alphabet[next() & 63]).join('')
    return (part + part).slice(0, bytes)
  })
  return (i) => values[i & 1023]
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
