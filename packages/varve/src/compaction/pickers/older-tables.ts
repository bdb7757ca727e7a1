import { rangesOverlap } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'

/** The tables that overlap a table and hold older entries. */
export function olderThan(version: Version, level: number, table: TableMetadata): TableMetadata[] {
  const { levels } = version
  const older = runsBelow(version, level, table).flatMap((run) => run.overlapping(table.range))
  if (level > 0) return older
  const beside = levels[0].slice(levels[0].indexOf(table) + 1)
  return [...beside.filter(({ range }) => rangesOverlap(range, table.range)), ...older]
}

/** The same as `olderThan(…).length > 0`. */
export function anyOlder(version: Version, level: number, table: TableMetadata): boolean {
  if (level === 0) return olderThan(version, level, table).length > 0
  return runsBelow(version, level, table).some((run) => run.overlapping(table.range).length > 0)
}

function runsBelow(version: Version, level: number, table: TableMetadata): Version['runs'] {
  return version.runs.filter(
    (run) => run.level > level || (run.level === level && run.number < table.run),
  )
}
