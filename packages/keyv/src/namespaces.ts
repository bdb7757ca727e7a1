import { VarveError } from 'varve'

/**
 * The namespaces of the Keyvs that use one adapter. The adapter owns it.
 *
 * Keyv assigns its namespace to the adapter when it is constructed, and again when the namespace
 * changes. It never says which Keyv makes a call. With one namespace that does not matter. With
 * several, the calls that depend on it are refused, so that they cannot reach the wrong entries.
 */
export class Namespaces {
  private readonly assigned = new Set<string | undefined>()
  private latest: string | undefined
  /** The Keyvs that have joined, as far as they can be distinguished. */
  private members = 0
  private joining = false

  /** The namespace assigned last. */
  get current(): string | undefined {
    return this.latest
  }

  get areSeveral(): boolean {
    return this.assigned.size > 1
  }

  /** Whether `key` begins with one of them. */
  begin(key: string): boolean {
    for (const namespace of this.assigned) {
      if (namespace && key.startsWith(prefixOf(namespace))) return true
    }
    return false
  }

  /** A Keyv is being constructed and may assign its namespace next. */
  join(): void {
    this.joining = true
  }

  /** The Keyv that joined last did not assign a namespace: it uses the adapter's. */
  joinedWithoutOne(): void {
    if (this.joining) this.assign(this.latest)
  }

  assign(namespace: string | undefined): void {
    if (this.joining || this.members === 0) this.members++
    this.joining = false
    if (this.members === 1) this.assigned.clear()
    this.assigned.add(namespace)
    this.latest = namespace
  }

  /** @throws INVALID_ARGUMENT if `namespace` would be the second one of several Keyvs */
  refuseAnother(namespace: string | undefined): void {
    const others = this.joining ? this.members : this.members - 1
    if (others < 1 || this.assigned.has(namespace)) return
    this.joining = false
    throw sharedAdapter('a second namespace', [...this.assigned, namespace])
  }

  /** @throws INVALID_ARGUMENT if there are several */
  refuseSeveral(call: string): void {
    if (this.areSeveral) throw sharedAdapter(call, [...this.assigned])
  }
}

/** What stands before each key of `namespace`. */
export function prefixOf(namespace: string): string {
  return `${namespace}:`
}

function sharedAdapter(refused: string, namespaces: (string | undefined)[]): VarveError {
  const names = namespaces.map((name) => (name ? `'${name}'` : 'none')).join(', ')
  return new VarveError(
    'INVALID_ARGUMENT',
    `KeyvVarve refuses ${refused}: Keyvs with different namespaces (${names}) share one adapter, ` +
      'and Keyv does not say which one makes a call. Give each Keyv its own adapter: open the ' +
      "database once, then pass 'new KeyvVarve(db)' to each",
  )
}
