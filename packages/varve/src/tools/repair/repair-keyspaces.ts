import type { KeyspaceRecord } from '../../version/keyspace-record.js'
import { KeyspaceRecords } from '../../version/keyspace-records.js'
import { defaultKeyspace, type VersionEdit } from '../../version/version-edit.js'
import type { RepairPlan } from './repair-plan.js'

/** What the new MANIFEST says of keyspaces; see `VersionEdit`. */
type KeyspaceFields = Pick<VersionEdit, 'keyspaces' | 'nextKeyspace'>

/** Options of a keyspace whose own are lost. */
const lostOptions = JSON.stringify({ keyEncoding: 'binary', valueEncoding: 'binary' })

/** The most that any MANIFEST knows of keyspaces. */
export function knownKeyspaces({ manifest }: Pick<RepairPlan, 'manifest'>): KeyspaceRecords {
  const { trusted, hints } = manifest
  if (trusted !== undefined) return trusted.records
  return hints.reduce<KeyspaceRecords>(
    (most, { records }) => (records.nextId > most.nextId ? records : most),
    new KeyspaceRecords(),
  )
}

/**
 * The known keyspaces, and one for each id of `used` that is not known. Its name and options are
 * lost, so it becomes `recovered 7`, with binary keys and values.
 */
export function keyspaceFields(known: KeyspaceRecords, used: Iterable<number>): KeyspaceFields {
  const records: KeyspaceRecord[] = known.all()
  let { nextId } = known
  for (const id of new Set(used)) {
    if (id === defaultKeyspace || known.get(id) !== undefined || known.wasDropped(id)) continue
    records.push({ id, name: `recovered ${id}`, options: lostOptions })
    nextId = Math.max(nextId, id + 1)
  }
  return nextId === 1 ? {} : { keyspaces: records, nextKeyspace: nextId }
}
