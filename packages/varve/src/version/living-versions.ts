import { emptyLevels, type Levels, Version } from './version.js'

/**
 * The current Version of each keyspace and the older ones that somebody still reads.
 *
 * Owned by: the VersionSet. Lives: as long as it does.
 * Invariant: `holders` counts, for each table, the living Versions that hold it; none is 0.
 */
export class LivingVersions {
  private readonly versions = new Map<number, Version>()
  private readonly holders = new Map<number, number>()

  constructor(private readonly onObsolete: (fileNumbers: readonly number[]) => void) {}

  /** Empty for a keyspace that never held a table. Not retained. */
  current(keyspace: number): Version {
    return this.versions.get(keyspace) ?? this.install(keyspace, emptyLevels)
  }

  /** One Version for each keyspace. */
  allCurrent(): Version[] {
    return [...this.versions.values()]
  }

  holds(fileNumber: number): boolean {
    return this.holders.has(fileNumber)
  }

  fileNumbers(): Set<number> {
    return new Set(this.holders.keys())
  }

  install(keyspace: number, levels: Levels): Version {
    const old = this.versions.get(keyspace)
    const version = new Version(keyspace, levels, (dead) => this.forget(dead))
    for (const { fileNumber } of levels.flat()) {
      this.holders.set(fileNumber, (this.holders.get(fileNumber) ?? 0) + 1)
    }
    this.versions.set(keyspace, version)
    // After the new one holds its tables: those that both hold never seem obsolete.
    old?.release()
    return version
  }

  private forget(version: Version): void {
    const obsolete: number[] = []
    for (const { fileNumber } of version.levels.flat()) {
      const others = this.holders.get(fileNumber)! - 1
      if (others > 0) {
        this.holders.set(fileNumber, others)
      } else {
        this.holders.delete(fileNumber)
        obsolete.push(fileNumber)
      }
    }
    if (obsolete.length > 0) this.onObsolete(obsolete)
  }
}
