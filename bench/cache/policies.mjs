// Cache policies over numbered blocks of one size. `use` returns whether the block was a hit.

import { BlockCache, CacheSlots } from '../../packages/varve/dist/cache/block-cache.js'

/** Evicts the block that was used least recently. */
class Lru {
  #blocks = new Set()

  constructor(capacity) {
    this.capacity = capacity
  }

  use(block) {
    const isHit = this.#blocks.delete(block)
    if (!isHit && this.#blocks.size === this.capacity) {
      this.#blocks.delete(this.#blocks.values().next().value)
    }
    this.#blocks.add(block)
    return isHit
  }
}

/** The engine's cache: CLOCK, applied to 64 chunks. */
class ChunkedClock {
  static #blockBytes = 64
  #block = new Uint8Array(ChunkedClock.#blockBytes)

  constructor(capacity, blockCount) {
    this.cache = new BlockCache(capacity * ChunkedClock.#blockBytes)
    this.slots = new CacheSlots(blockCount)
  }

  use(block) {
    if (this.cache.has(this.slots, block)) return true
    this.cache.insert(this.slots, block, this.#block)
    return false
  }
}

/** Zhang et al., "SIEVE is Simpler than LRU": a hand that passes over used blocks, in place. */
class Sieve {
  #at = new Map()
  #blocks
  #used
  #next
  #previous
  #head = -1
  #tail = -1
  #hand = -1

  constructor(capacity) {
    this.capacity = capacity
    this.#blocks = new Int32Array(capacity)
    this.#used = new Uint8Array(capacity)
    this.#next = new Int32Array(capacity)
    this.#previous = new Int32Array(capacity)
  }

  use(block) {
    const found = this.#at.get(block)
    if (found !== undefined) {
      this.#used[found] = 1
      return true
    }
    const place = this.#at.size < this.capacity ? this.#at.size : this.#evict()
    this.#blocks[place] = block
    this.#used[place] = 0
    this.#at.set(block, place)
    this.#next[place] = this.#head
    this.#previous[place] = -1
    if (this.#head >= 0) this.#previous[this.#head] = place
    this.#head = place
    if (this.#tail < 0) this.#tail = place
    return false
  }

  #evict() {
    let place = this.#hand < 0 ? this.#tail : this.#hand
    while (this.#used[place] === 1) {
      this.#used[place] = 0
      place = this.#previous[place] < 0 ? this.#tail : this.#previous[place]
    }
    const [next, previous] = [this.#next[place], this.#previous[place]]
    this.#hand = previous
    if (previous >= 0) this.#next[previous] = next
    else this.#head = next
    if (next >= 0) this.#previous[next] = previous
    else this.#tail = previous
    this.#at.delete(this.#blocks[place])
    return place
  }
}

/** Yang et al., "FIFO queues are all you need for cache eviction": small, main and ghost queue. */
class S3Fifo {
  #small = new Map()
  #main = new Map()
  #ghost = new Set()

  constructor(capacity) {
    this.smallCapacity = Math.max(1, Math.floor(capacity / 10))
    this.capacity = capacity
  }

  use(block) {
    for (const queue of [this.#small, this.#main]) {
      const uses = queue.get(block)
      if (uses === undefined) continue
      queue.set(block, Math.min(3, uses + 1))
      return true
    }
    while (this.#small.size + this.#main.size >= this.capacity) this.#evict()
    if (this.#ghost.delete(block)) this.#main.set(block, 0)
    else this.#small.set(block, 0)
    return false
  }

  #evict() {
    if (this.#small.size >= this.smallCapacity || this.#main.size === 0) this.#evictSmall()
    else this.#evictMain()
  }

  #evictSmall() {
    const [block, uses] = this.#small.entries().next().value
    this.#small.delete(block)
    if (uses > 1) this.#main.set(block, 0)
    else this.#remember(block)
  }

  #evictMain() {
    for (;;) {
      const [block, uses] = this.#main.entries().next().value
      this.#main.delete(block)
      if (uses === 0) return
      this.#main.set(block, uses - 1)
    }
  }

  #remember(block) {
    this.#ghost.add(block)
    if (this.#ghost.size > this.capacity - this.smallCapacity) {
      this.#ghost.delete(this.#ghost.values().next().value)
    }
  }
}

/** The engine's cache, with blocks admitted at their second miss among the recent ones only. */
class SecondMiss {
  #recent = new Set()

  constructor(capacity, blockCount) {
    this.capacity = capacity
    this.clock = new ChunkedClock(capacity, blockCount)
  }

  use(block) {
    const { cache, slots } = this.clock
    if (cache.has(slots, block)) return true
    if (this.#recent.delete(block)) this.clock.use(block)
    else {
      this.#recent.add(block)
      if (this.#recent.size > this.capacity) {
        this.#recent.delete(this.#recent.values().next().value)
      }
    }
    return false
  }
}

export const policies = {
  LRU: Lru,
  'Varve (CLOCK in chunks)': ChunkedClock,
  'Varve, admitting at the second miss': SecondMiss,
  SIEVE: Sieve,
  'S3-FIFO': S3Fifo,
}
