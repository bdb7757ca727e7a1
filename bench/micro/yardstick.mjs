/**
 * A plain loop over bytes whose time stands for the speed of the machine and of its JavaScript engine.
 * Never change it: every baseline is a multiple of it.
 */
export class Yardstick {
  static kibibytes = 256

  #bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * 31) & 255)

  runMs() {
    const start = performance.now()
    const passes = (Yardstick.kibibytes * 1024) / this.#bytes.length
    let hash = 0x811c9dc5
    for (let pass = 0; pass < passes; pass++) hash = mixed(this.#bytes, hash)
    if (hash === 0) throw new Error('the yardstick broke')
    return performance.now() - start
  }
}

/** FNV-1a. */
function mixed(bytes, hash) {
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return hash
}
