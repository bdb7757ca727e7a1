/**
 * A write as plain data. Keys are latin1 strings, one character per byte, so they sort as bytes.
 */
export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer; readonly ttlMs?: number }
  | { readonly type: 'del'; readonly key: string }
  | { readonly type: 'clear'; readonly range: ModelRange }

/** The bounds of `RangeOptions`, as latin1 strings. */
export interface ModelRange {
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
  readonly lte?: string
  readonly prefix?: string
}

export interface ModelScan extends ModelRange {
  readonly reverse?: boolean
  readonly limit?: number
}

type Entries = ReadonlyMap<string, Buffer>
/** Times of expiry in milliseconds since 1970, for the keys that expire. */
type Expiries = ReadonlyMap<string, number>

/**
 * The expected answers, from the simplest possible code: a map that is sorted when a read needs the
 * order. Each state is an immutable map, so a snapshot is a reference to it.
 *
 * Owned by: a test.
 */
export class Oracle {
  /** The current state. Immutable. */
  state: OracleState

  constructor(entries: Entries = new Map(), expiries: Expiries = new Map()) {
    this.state = new OracleState(entries, expiries)
  }

  /** Applies the writes atomically. Times to live start at `nowMs`. */
  write(writes: readonly Write[], nowMs = 0): void {
    const entries = new Map(this.state.entries)
    const expiries = new Map(this.state.expiries)
    for (const write of writes) {
      if (write.type === 'put') {
        entries.set(write.key, write.value)
        if (write.ttlMs === undefined) expiries.delete(write.key)
        else expiries.set(write.key, nowMs + write.ttlMs)
      } else if (write.type === 'del') entries.delete(write.key)
      else for (const key of entries.keys()) if (isInRange(key, write.range)) entries.delete(key)
    }
    this.state = new OracleState(entries, expiries)
  }
}

/** All keys and values after a write, including expired ones. `at` returns the live ones. */
export class OracleState {
  constructor(
    readonly entries: Entries,
    readonly expiries: Expiries = new Map(),
  ) {}

  at(nowMs: number): OracleState {
    const { entries, expiries } = this
    if (expiries.size === 0) return this
    return new OracleState(
      new Map([...entries].filter(([key]) => (expiries.get(key) ?? Infinity) > nowMs)),
    )
  }

  get(key: string): Buffer | undefined {
    return this.entries.get(key)
  }

  scan(scan: ModelScan = {}): [string, Buffer][] {
    const found = [...this.entries].filter(([key]) => isInRange(key, scan))
    found.sort(([a], [b]) => (a < b ? -1 : 1))
    if (scan.reverse === true) found.reverse()
    return found.slice(0, scan.limit)
  }
}

function isInRange(key: string, { gt, gte, lt, lte, prefix }: ModelRange): boolean {
  return (
    (gt === undefined || key > gt) &&
    (gte === undefined || key >= gte) &&
    (lt === undefined || key < lt) &&
    (lte === undefined || key <= lte) &&
    (prefix === undefined || key.startsWith(prefix))
  )
}

/** The range in the engine's form, with binary keys. */
export function toBytes<T extends ModelScan>(
  scan: T,
): { [Name in keyof T]: T[Name] extends string | undefined ? Buffer : T[Name] } {
  const pairs = Object.entries(scan).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? Buffer.from(value, 'latin1') : value,
  ])
  return Object.fromEntries(pairs) as never
}
