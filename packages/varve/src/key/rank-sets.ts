import { assert } from '../base/assert.js'

/** The set without members. Of others, the number says where they are kept. */
export const emptySet = 0

const wordsPerNode = 3
const initialNodes = 16

/**
 * Sets of ranks (0, 1, 2, …) of which each is made of another by one change, and all stay: what a
 * change does not touch they share (Sarnak and Tarjan, Planar point location using persistent search
 * trees, 1986). The tree is a trie over the bits of the ranks that leaves out the bits in which all
 * members agree (Okasaki and Gill, Fast mergeable integer maps, 1998), so it is never out of balance,
 * whatever comes and goes. {0, 1, 5}, and below it {1, 5}:
 *
 *       ┌─ bit 2 ─┐             bit 2 ─┐
 *     bit 0       5      →        1    5
 *     0   1
 *
 * A change makes at most as many nodes as the highest rank has bits, and as the set has members; a
 * question takes as many steps.
 *
 * Owned by: one RangeTombstones, which lives as long.
 */
export class RankSets {
  /** Of each node: its low half, its high half, its highest member. A leaf is no node, but −1 − rank. */
  private words = new Int32Array(initialNodes * wordsPerNode)
  private end = wordsPerNode

  get memoryBytes(): number {
    return this.words.byteLength
  }

  /** Requires: not a member. */
  with(set: number, rank: number): number {
    if (set === emptySet) return leafOf(rank)
    const top = this.highest(set)
    assert(top !== rank, 'added once')
    if (set < 0 || isAbove(top ^ rank, this.branchBits(set))) {
      return top < rank ? this.node(set, leafOf(rank)) : this.node(leafOf(rank), set)
    }
    const { words } = this
    const [low, high] = [words[set], words[set + 1]]
    return this.isHigh(set, rank)
      ? this.node(low, this.with(high, rank))
      : this.node(this.with(low, rank), high)
  }

  /** Requires: a member. */
  without(set: number, rank: number): number {
    if (set < 0) {
      assert(set === leafOf(rank), 'removed after it was added')
      return emptySet
    }
    const { words } = this
    const [low, high] = [words[set], words[set + 1]]
    if (this.isHigh(set, rank)) {
      const left = this.without(high, rank)
      return left === emptySet ? low : this.node(low, left)
    }
    const left = this.without(low, rank)
    return left === emptySet ? high : this.node(left, high)
  }

  /** Requires: not empty. */
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

  /** The lowest member from `bound` up, or −1. Requires: not empty. */
  lowestFrom(set: number, bound: number): number {
    if (this.highest(set) < bound) return -1
    let rest = set
    while (rest > 0) {
      const low = this.words[rest]
      rest = this.highest(low) >= bound ? low : this.words[rest + 1]
    }
    return rankOf(rest)
  }

  /** Gives back the room that was set aside for more. */
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

  /** The highest bit of this number is the one by which the halves differ. */
  private branchBits(node: number): number {
    return this.highest(this.words[node]) ^ this.words[node + 2]
  }

  /** Whether a rank that agrees with the node in all bits above its own belongs to the high half. */
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
