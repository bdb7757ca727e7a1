import type { KeyspaceRecord } from './keyspace-record.js'
import type { VersionEdit } from './version-edit.js'

type KeyspaceEdit = Pick<VersionEdit, 'keyspaces' | 'droppedKeyspaces' | 'nextKeyspace'>

/**
 * The keyspaces of a database beside the default one.
 *
 * Owned by: the VersionSet.
 *
 * Invariant 1: an id below `nextId` without a record was dropped, and is not used again.
 * Invariant 2: no two records have the same name.
 */
export class KeyspaceRecords {
  /** Above all ids that were ever used. */
  nextId = 1
  private readonly byId = new Map<number, KeyspaceRecord>()
  private readonly ids = new Map<string, number>()

  get(id: number): KeyspaceRecord | undefined {
    return this.byId.get(id)
  }

  /** Whether the id belonged to a keyspace that is gone. */
  wasDropped(id: number): boolean {
    return id >= 1 && id < this.nextId && !this.byId.has(id)
  }

  named(name: string): KeyspaceRecord | undefined {
    const id = this.ids.get(name)
    return id === undefined ? undefined : this.byId.get(id)
  }

  all(): KeyspaceRecord[] {
    return [...this.byId.values()]
  }

  /** Why the edit does not fit; undefined when it does. */
  problemWith({ keyspaces = [], droppedKeyspaces = [] }: KeyspaceEdit): string | undefined {
    for (const id of droppedKeyspaces) {
      if (!this.byId.has(id)) return `edit drops keyspace ${id}, which does not exist`
    }
    for (const { id, name } of keyspaces) {
      if (id < this.nextId && !this.byId.has(id)) return `edit uses the id of a dropped keyspace`
      const owner = this.ids.get(name)
      if (owner !== undefined && owner !== id) return `edit gives two keyspaces one name`
    }
    return undefined
  }

  /** Requires: `problemWith` found nothing. */
  apply({ keyspaces = [], droppedKeyspaces = [], nextKeyspace = 0 }: KeyspaceEdit): void {
    for (const id of droppedKeyspaces) {
      const record = this.byId.get(id)
      this.byId.delete(id)
      if (record !== undefined) this.ids.delete(record.name)
    }
    for (const record of keyspaces) {
      this.byId.set(record.id, record)
      this.ids.set(record.name, record.id)
      this.nextId = Math.max(this.nextId, record.id + 1)
    }
    this.nextId = Math.max(this.nextId, nextKeyspace)
  }

  /** The fields of an edit that creates all of them; empty if there never was one. */
  snapshot(): KeyspaceEdit {
    if (this.nextId === 1) return {}
    return { keyspaces: this.all(), nextKeyspace: this.nextId }
  }
}
