import type { VisibleIterator } from '../iterator/visible-iterator.js'
import type { Projection } from './api.js'
import type { ReadCore } from './read-core.js'

/** Makes what a walk gives of the entry that it stands on. */
export type Project = (core: ReadCore, walk: VisibleIterator) => unknown

/** By the name of the projection; looked up once for a walk. */
export const projections: Readonly<Record<Projection, Project>> = {
  entries: (core, walk) => [keyOf(core, walk), valueOf(core, walk)],
  keys: keyOf,
  values: valueOf,
}

function keyOf({ keyEncoding }: ReadCore, walk: VisibleIterator): unknown {
  const { page } = walk
  if (page !== undefined && keyEncoding.fromText !== undefined) {
    return keyEncoding.fromText(page.textOf(walk.keyStart, walk.keyEnd))
  }
  return keyEncoding.read(walk.keyBytes as Buffer, walk.keyStart, walk.keyEnd)
}

function valueOf({ valueEncoding }: ReadCore, walk: VisibleIterator): unknown {
  const { page } = walk
  if (page !== undefined && valueEncoding.fromText !== undefined) {
    return valueEncoding.fromText(page.textOf(walk.valueStart, walk.valueEnd))
  }
  return valueEncoding.read(walk.valueBytes as Buffer, walk.valueStart, walk.valueEnd)
}
