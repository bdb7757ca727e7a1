import type { TableMetadata } from './table-metadata.js'
import { emptyLevels, type Levels, Version } from './version.js'

/** A table, the keyspace that it belongs to, and the number of living Versions that hold it. */
interface Holding {
  readonly table: TableMetadata
  readonly keyspace: number
  holders: number
}

/**
 * The current Version of each keyspace, and the older ones that readers still use.
 *
 * Owned by: the VersionSet. Lives: as long as its owner.
 * Invariant: `held` counts, for each table, the living Versions that hold it. No count is 0.
 */
export class LivingVersions {
  private readonly versions = new Map<number, Version>()
  private readonly held = new Map<number, Holding>()

  constructor(private readonly onObsolete: (fileNumbers: readonly number[]) => void) {}

  /** The current Version, not retained. Empty for a keyspace that never had a table. */
  current(keyspace: number): Version {
    return this.versions.get(keyspace) ?? this.install(keyspace, emptyLevels)
  }

  /** The current Version of each keyspace. */
  allCurrent(): Version[] {
    return [...this.versions.values()]
  }

  holds(fileNumber: number): boolean {
    return this.held.has(fileNumber)
  }

  table(fileNumber: number): TableMetadata | undefined {
    return this.held.get(fileNumber)?.table
  }

  keyspaceOf(fileNumber: number): number | undefined {
    return this.held.get(fileNumber)?.keyspace
  }

  fileNumbers(): Set<number> {
    return new Set(this.held.keys())
  }

  install(keyspace: number, levels: Levels): Version {
    const old = this.versions.get(keyspace)
    const version = new Version(keyspace, levels, (dead) => this.forget(dead))
    for (const table of levels.flat()) {
      const known = this.held.get(table.fileNumber)
      if (known === undefined) this.held.set(table.fileNumber, { table, keyspace, holders: 1 })
      else known.holders++
    }
    this.versions.set(keyspace, version)
    // Release the old one last, so that tables in both Versions never become obsolete.
    old?.release()
    return version
  }

  /** Forgets a keyspace. Its tables become obsolete when the last reader lets go of them. */
  remove(keyspace: number): void {
    const old = this.versions.get(keyspace)
    this.versions.delete(keyspace)
    old?.release()
  }

  private forget(version: Version): void {
    const obsolete: number[] = []
    for (const { fileNumber } of version.levels.flat()) {
      if (--this.held.get(fileNumber)!.holders > 0) continue
      this.held.delete(fileNumber)
      obsolete.push(fileNumber)
    }
    if (obsolete.length > 0) this.onObsolete(obsolete)
  }
}
