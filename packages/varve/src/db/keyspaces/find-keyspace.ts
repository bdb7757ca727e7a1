import { invalidArgument, type VarveError } from '../../base/errors.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { VersionSet } from '../../version/version-set.js'
import type { KeyspaceInfo } from '../keyspace-types.js'
import {
  type ResolvedKeyspaceOptions,
  type StoredKeyspaceOptions,
  storedOptions,
} from '../options/keyspace-options.js'
import type { KeyspaceHandle } from '../read/keyspace-handle.js'
import type { OpenKeyspaces } from '../read/open-keyspaces.js'
import { noReads } from '../read/read-core.js'
import { keyspaceStats } from './keyspace-stats.js'

/** Opens a keyspace of a read-only database. */
export function findKeyspace(
  versions: VersionSet,
  trees: TreeRegistry,
  keyspaces: OpenKeyspaces,
  options: ResolvedKeyspaceOptions,
): KeyspaceHandle {
  const { name } = options
  const record = versions.keyspaceNamed(name)
  if (record === undefined) throw missingKeyspace(name)
  requireSameEncodings(name, storedOptions(record), options)
  return keyspaces.handleOf(record.id, name, trees)
}

export function missingKeyspace(name: string): VarveError {
  return invalidArgument(
    `the database has no keyspace '${name}'; db.keyspaces() lists the existing ones`,
  )
}

/** Throws INVALID_ARGUMENT if the encodings differ, because they would misread the stored data. */
export function requireSameEncodings(
  name: string,
  stored: StoredKeyspaceOptions,
  given: ResolvedKeyspaceOptions,
): void {
  for (const option of ['keyEncoding', 'valueEncoding'] as const) {
    const was = stored[option]
    const is = given[option].name
    if (was === is) continue
    throw invalidArgument(
      `keyspace '${name}' was created with ${option} '${was}', not '${is}'; open it with ` +
        `${option}: '${was}', or an encoding with that name`,
      option,
    )
  }
}

export function listKeyspaces(
  versions: VersionSet,
  trees: TreeRegistry,
  keyspaces: OpenKeyspaces,
): KeyspaceInfo[] {
  return versions.keyspaces().map((record) => {
    const { keyEncoding, valueEncoding, ttlMs } = storedOptions(record)
    return {
      name: record.name,
      keyEncoding,
      valueEncoding,
      ttlMs: ttlMs === 0 ? undefined : ttlMs,
      ...keyspaceStats(trees.get(record.id)!, keyspaces.get(record.id)?.counts ?? noReads),
    }
  })
}
