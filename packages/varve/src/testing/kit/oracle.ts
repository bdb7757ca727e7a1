/**
 * A write as plain data. Keys are latin1 strings, one character per byte, so they sort as bytes.
 * Keyspaces have numbers; without one, a write is to the default keyspace, which is 0.
 */
export type Write = { readonly keyspace?: number } & (
  | {
      readonly type: 'put'
      readonly key: string
      readonly value: Buffer
      readonly ttlMs?: number
      /** `ttlMs` is the default of the keyspace, so the put does not pass it. */
      readonly hasDefaultTtl?: boolean
    }
  | { readonly type: 'del'; readonly key: string }
  | { readonly type: 'clear'; readonly range: ModelRange }
  /** Removes the keyspace with all its entries. */
  | { readonly type: 'drop' }
)

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
 * One name for a key and its keyspace. Names sort by keyspace, then by key; in the default keyspace
 * the key is its name. No key has a character above 0xff.
 */
export function nameOf(key: string, keyspace = 0): string {
  return keyspace === 0 ? key : String.fromCharCode(0x100 + keyspace) + key
}

/** The key of a name, or undefined if it is of another keyspace. */
function keyIn(keyspace: number, name: string): string | undefined {
  const letter = name.charCodeAt(0)
  if (keyspace === 0) return letter > 0xff ? undefined : name
  return letter === 0x100 + keyspace ? name.slice(1) : undefined
}

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
      const { keyspace = 0 } = write
      if (write.type === 'put') {
        const name = nameOf(write.key, keyspace)
        entries.set(name, write.value)
        if (write.ttlMs === undefined) expiries.delete(name)
        else expiries.set(name, nowMs + write.ttlMs)
      } else if (write.type === 'del') entries.delete(nameOf(write.key, keyspace))
      else {
        const range = write.type === 'clear' ? write.range : {}
        for (const name of entries.keys()) {
          const key = keyIn(keyspace, name)
          if (key !== undefined && isInRange(key, range)) entries.delete(name)
        }
      }
    }
    this.state = new OracleState(entries, expiries)
  }
}

/** All entries by name after a write, including expired ones. `at` returns the live ones. */
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

  get(key: string, keyspace = 0): Buffer | undefined {
    return this.entries.get(nameOf(key, keyspace))
  }

  scan(scan: ModelScan = {}, keyspace = 0): [string, Buffer][] {
    const found: [string, Buffer][] = []
    for (const [name, value] of this.entries) {
      const key = keyIn(keyspace, name)
      if (key !== undefined && isInRange(key, scan)) found.push([key, value])
    }
    found.sort(([a], [b]) => (a < b ? -1 : 1))
    if (scan.reverse === true) found.reverse()
    return found.slice(0, scan.limit)
  }
}

export function isInRange(key: string, { gt, gte, lt, lte, prefix }: ModelRange): boolean {
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
