import assert from 'node:assert/strict'

/**
 * The keyspaces that must exist: `present`, created and not dropped, and those that must not:
 * `absent`. Of the others the creation or drop is pending, or has failed.
 *
 * Owned by: a client. Creations and drops survive every crash once they are acknowledged.
 */
export class KeyspaceLedger {
  private readonly known = new Map<string, 'present' | 'absent' | 'uncertain'>()

  clone(): KeyspaceLedger {
    const copy = new KeyspaceLedger()
    for (const [name, state] of this.known) copy.known.set(name, state)
    return copy
  }

  beginCreate(name: string): void {
    if (this.known.get(name) !== 'present') this.known.set(name, 'uncertain')
  }

  create(name: string): void {
    this.known.set(name, 'present')
  }

  beginDrop(name: string): void {
    this.known.set(name, 'uncertain')
  }

  drop(name: string): void {
    // The next creation may have begun while the drop was pending.
    this.known.set(name, 'absent')
  }

  check(names: readonly string[]): void {
    for (const [name, state] of this.known) {
      if (state === 'uncertain') continue
      const isThere = names.includes(name)
      assert.equal(isThere, state === 'present', `keyspace '${name}', which must be ${state}`)
    }
  }
}
