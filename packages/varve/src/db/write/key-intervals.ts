/** Keys from `start` up to, but excluding, `end`; null: no upper bound. Latin-1 of their bytes. */
export interface KeyInterval {
  readonly start: string
  readonly end: string | null
}

/** Ranges of keys, merged where they overlap, so that a search is logarithmic in their number. */
export class KeyIntervals {
  /** Ascending and disjoint. */
  private readonly merged: KeyInterval[] = []

  constructor(intervals: Iterable<KeyInterval>) {
    const byStart = [...intervals].sort((a, b) => (a.start < b.start ? -1 : 1))
    for (const interval of byStart) this.append(interval)
  }

  includes(key: string): boolean {
    const { merged } = this
    const candidate = merged[this.countStartingBefore(key, true) - 1]
    return candidate !== undefined && (candidate.end === null || key < candidate.end)
  }

  /** Whether any of the keys from `start` up to, but excluding, `end` is included. */
  overlaps(start: string, end: string | null): boolean {
    const { merged } = this
    const count = end === null ? merged.length : this.countStartingBefore(end, false)
    const candidate = merged[count - 1]
    return candidate !== undefined && (candidate.end === null || start < candidate.end)
  }

  private append({ start, end }: KeyInterval): void {
    if (end !== null && end <= start) return
    const { merged } = this
    const last = merged.at(-1)
    if (last === undefined || (last.end !== null && last.end < start)) {
      merged.push({ start, end })
    } else if (last.end !== null && (end === null || end > last.end)) {
      merged[merged.length - 1] = { start: last.start, end }
    }
  }

  /** How many intervals start before `key`, or at it if `inclusive`. */
  private countStartingBefore(key: string, inclusive: boolean): number {
    const { merged } = this
    let low = 0
    let high = merged.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { start } = merged[middle]
      if (start < key || (inclusive && start === key)) low = middle + 1
      else high = middle
    }
    return low
  }
}
