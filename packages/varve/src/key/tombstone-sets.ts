import { assert } from '../base/assert.js'

/** The empty set. The number of any other set is its place in `TombstoneSets`. */
export const emptySet = 0

const wordsPerNode = 3
const initialNodes = 16

/**
 * Persistent sets of range tombstones, which are named by rank (0, 1, 2, …). Adding or removing a
 * rank makes a new set; the old one stays valid, and both share the unchanged part (Sarnak and
 * Tarjan, Planar point location using persistent search trees, 1986). The tree is a trie over the
 * bits of the ranks that skips the bits in which all members agree (Okasaki and Gill, Fast
 * mergeable integer maps, 1998), so it needs no rebalancing. {0, 1, 5}, then {1, 5}:
 *
 *       ┌─ bit 2 ─┐             bit 2 ─┐
 *     bit 0       5      →        1    5
 *     0   1
 *
 * A change creates at most one node per bit of the highest rank, and at most one per member. A
 * query takes as many steps.
 *
 * Owned by: one RangeTombstones. Lives: as long as its owner.
 */
export class TombstoneSets {
  /** Three words per node: low half, high half, highest member. A leaf is the number −1 − rank. */
  private words = new Int32Array(initialNodes * wordsPerNode)
  private end = wordsPerNode

  get memoryBytes(): number {
    return this.words.byteLength
  }

  /** The set with `rank` added. Requires: not a member. */
  with(set: number, rank: number): number {
    if (set === emptySet) return leafOf(rank)
    const top = this.highest(set)
    assert(top !== rank, 'a tombstone is added to a set once')
    if (set < 0 || isAbove(top ^ rank, this.branchBits(set))) {
      return top < rank ? this.node(set, leafOf(rank)) : this.node(leafOf(rank), set)
    }
    const { words } = this
    const [low, high] = [words[set], words[set + 1]]
    return this.isHigh(set, rank)
      ? this.node(low, this.with(high, rank))
      : this.node(this.with(low, rank), high)
  }

  /** The set with `rank` removed. Requires: a member. */
  without(set: number, rank: number): number {
    if (set < 0) {
      assert(set === leafOf(rank), 'only a member is removed from a tombstone set')
      return emptySet
    }
    const { words } = this
    const [low, high] = [words[set], words[set + 1]]
    if (this.isHigh(set, rank)) {
      const rest = this.without(high, rank)
      return rest === emptySet ? low : this.node(low, rest)
    }
    const rest = this.without(low, rank)
    return rest === emptySet ? high : this.node(rest, high)
  }

  /** The highest member. Requires: not empty. */
  highest(set: number): number {
    return set < 0 ? rankOf(set) : this.words[set + 2]
  }

  /** The highest member below `bound`, or −1. Requires: not empty. */
  highestBelow(set: number, bound: number): number {
    let best = -1
    for (let rest = set; ;) {
      const top = this.highest(rest)
      if (top < bound) return top
      if (rest < 0) return best
      const low = this.words[rest]
      const lowTop = this.highest(low)
      if (lowTop < bound) {
        best = lowTop
        rest = this.words[rest + 1]
      } else {
        rest = low
      }
    }
  }

  /** The lowest member ≥ `bound`, or −1. Requires: not empty. */
  lowestFrom(set: number, bound: number): number {
    if (this.highest(set) < bound) return -1
    let rest = set
    while (rest > 0) {
      const low = this.words[rest]
      rest = this.highest(low) >= bound ? low : this.words[rest + 1]
    }
    return rankOf(rest)
  }

  /** Releases memory reserved for further nodes. */
  trim(): void {
    this.words = this.words.slice(0, this.end)
  }

  private node(low: number, high: number): number {
    const node = this.end
    if (node === this.words.length) {
      const larger = new Int32Array(2 * node)
      larger.set(this.words)
      this.words = larger
    }
    this.words[node] = low
    this.words[node + 1] = high
    this.words[node + 2] = this.highest(high)
    this.end += wordsPerNode
    return node
  }

  /** A number whose highest bit is the one in which the two halves differ. */
  private branchBits(node: number): number {
    return this.highest(this.words[node]) ^ this.words[node + 2]
  }

  /**
   * Whether `rank` belongs to the high half. Requires: it agrees with the node in all bits above.
   */
  private isHigh(node: number, rank: number): boolean {
    return (rank & (0x80000000 >>> Math.clz32(this.branchBits(node)))) !== 0
  }
}

function leafOf(rank: number): number {
  return -1 - rank
}

function rankOf(leaf: number): number {
  return -1 - leaf
}

/** Whether the highest bit of `a` is above that of `b`. */
function isAbove(a: number, b: number): boolean {
  return Math.clz32(a) < Math.clz32(b)
}
