import { areInOrder, type Levels } from '../../version/version.js'
import type { ManifestView } from './manifest-view.js'
import type { Problem } from './problem.js'

/** Problems of the tables as a MANIFEST lists them, without reading their files. */
export function* problemsOfLevels(manifest: ManifestView): Generator<Problem> {
  const complain = (message: string): Problem => ({
    kind: 'mismatch',
    file: manifest.name,
    message,
  })
  for (const keyspace of manifest.keyspaces()) {
    const levels = manifest.levels(keyspace)
    for (const message of misplacedTables(levels)) yield complain(message)
    for (const { fileNumber, maxSequence } of levels.flat()) {
      if (maxSequence > manifest.lastSequence) {
        yield complain(
          `table ${fileNumber} reaches sequence ${maxSequence}, beyond the last, ` +
            `${manifest.lastSequence}`,
        )
      }
      if (fileNumber >= manifest.nextFileNumber) {
        yield complain(
          `table ${fileNumber} has a number that was not given out, ` +
            `from ${manifest.nextFileNumber} on`,
        )
      }
    }
  }
}

function* misplacedTables(levels: Levels): Generator<string> {
  for (const [level, tables] of levels.entries()) {
    for (let i = 1; i < tables.length; i++) {
      const [before, table] = [tables[i - 1], tables[i]]
      if (areInOrder(level, before, table)) continue
      yield `tables ${before.fileNumber} and ${table.fileNumber} overlap on level ${level}`
    }
  }
}
