import type { TableMetadata } from './table-metadata.js'
import { emptyLevels, type Levels, orderProblem, sortLevel } from './version.js'
import type { AddedTable, DeletedTable } from './version-edit.js'

/**
 * Applies any number of edits to the levels of one keyspace. Unchanged levels are shared with the
 * base.
 *
 * Owned by: the VersionSet, for one replay or one edit. `fail` gets a description of the problem.
 * In an edit from a file a problem is corruption; in an edit made by the engine, a programmer
 * error.
 */
export class LevelsBuilder {
  private readonly touched: (Map<number, TableMetadata> | undefined)[] = []

  constructor(
    private readonly fail: (problem: string) => never,
    private readonly base: Levels = emptyLevels,
  ) {}

  delete({ level, fileNumber }: DeletedTable): void {
    if (!this.tablesOf(level).delete(fileNumber)) {
      this.fail(`edit deletes table ${fileNumber}, which is not on level ${level}`)
    }
  }

  add({ level, table }: AddedTable): void {
    const tables = this.tablesOf(level)
    if (tables.has(table.fileNumber)) {
      this.fail(`edit adds table ${table.fileNumber}, which is already on level ${level}`)
    }
    tables.set(table.fileNumber, table)
  }

  build(): Levels {
    const levels = this.base.map((tables, level) => {
      const changed = this.touched[level]
      if (changed === undefined) return tables
      return sortLevel(level, [...changed.values()])
    })
    const problem = orderProblem(levels)
    if (problem !== undefined) this.fail(problem)
    return levels
  }

  private tablesOf(level: number): Map<number, TableMetadata> {
    return (this.touched[level] ??= new Map(
      this.base[level].map((table) => [table.fileNumber, table]),
    ))
  }
}
