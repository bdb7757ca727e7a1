/** A write as plain data. Keys are latin1 strings: one character a byte, so they compare as bytes do. */
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
/** When those expire that do, in milliseconds since 1970. */
type Expiries = ReadonlyMap<string, number>

/**
 * What the engine should answer, from the shortest code that can be right: a map, sorted when somebody
 * asks for the order. The state at one moment is a map that is never changed, so a snapshot is a
 * reference to it.
 *
 * Owned by: a test.
 */
export class Oracle {
  /** The state now. Immutable. */
  state: OracleState

  constructor(entries: Entries = new Map(), expiries: Expiries = new Map()) {
    this.state = new OracleState(entries, expiries)
  }

  /** Applies the writes as one; what has a time to live has it from `nowMs` on. */
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

/** All keys and values after some write, if nothing had expired; `at` tells what is there at a time. */
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

/** A range as the engine takes it, with binary keys. */
export function toBytes<T extends ModelScan>(
  scan: T,
): { [Name in keyof T]: T[Name] extends string | undefined ? Buffer : T[Name] } {
  const pairs = Object.entries(scan).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? Buffer.from(value, 'latin1') : value,
  ])
  return Object.fromEntries(pairs) as never
}
