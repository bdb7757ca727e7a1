import type { Prng } from '../../../base/prng.js'
import { writeU64 } from '../../../base/bytes/u64.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import {
  encodeFileHeader,
  identityOf,
  LogPurpose,
  logSeed,
  recordHeaderBytes,
  writeRecordHeader,
} from '../../../log/log-format.js'
import { LogReader } from '../../../log/log-reader.js'
import { shadowedNames } from '../../../sstable/format/properties.js'
import {
  type AddedTable,
  decodeEdit,
  encodeEdit,
  type VersionEdit,
} from '../../../version/version-edit.js'
import { edgeNumbers, mutateBytes } from './mutate-bytes.js'

interface Record {
  payload: Buffer
  durableBytes: number
}

/** A log or MANIFEST with one or a few wrong values and valid checksums. */
export function mutateLog(bytes: Buffer, random: Prng): Buffer {
  const identity = identityOf(bytes.subarray(0, 32))
  if (identity === undefined) return mutateBytes(bytes, random)
  let { purpose, fileNumber } = identity
  const records = recordsOf(bytes, purpose, fileNumber)
  for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) {
    const kind = random.below(10)
    if (kind === 0) fileNumber = random.pick([fileNumber + 1, ...edgeNumbers])
    else if (kind === 1) purpose = random.pick([LogPurpose.manifest, LogPurpose.writeAhead])
    else changeRecords(records, identity.purpose, random)
  }
  return encodeLog(records, purpose, fileNumber)
}

function changeRecords(records: Record[], purpose: LogPurpose, random: Prng): void {
  const at = random.below(Math.max(1, records.length))
  const record = records.at(at)
  if (record === undefined) {
    records.push({ payload: random.bytes(40), durableBytes: 0 })
    return
  }
  switch (random.below(8)) {
    case 0:
      records.splice(at, 1)
      return
    case 1:
      records.splice(random.below(records.length), 0, { ...record })
      return
    case 2:
      record.durableBytes = random.pick(edgeNumbers)
      return
    case 3:
    case 4:
    case 5:
      if (purpose === LogPurpose.manifest) record.payload = changeEdit(record.payload, random)
      else record.payload = changeGroup(record.payload, random)
      return
    default:
      record.payload = mutateBytes(record.payload, random)
  }
}

/** Changes a number in the header of a group or in its first operation. */
function changeGroup(payload: Buffer, random: Prng): Buffer {
  const changed = Buffer.from(payload)
  const number = random.pick(edgeNumbers)
  const at = random.pick([0, 4, 8, 16, 20, 24])
  if (at + 8 > changed.length) return changed
  if (at === 8) writeU64(changed, at, number)
  else if (at === 0 || at === 16) changed[at] = number % 256
  else changed.writeUInt32LE(number % 2 ** 32, at)
  return changed
}

function changeEdit(payload: Buffer, random: Prng): Buffer {
  const edit = decodeEdit(payload)
  if (typeof edit === 'string') return mutateBytes(payload, random)
  const number = random.pick(edgeNumbers)
  const { added = [], deleted = [] } = edit
  const changes: VersionEdit[] = [
    { ...edit, logNumber: number },
    { ...edit, nextFileNumber: number },
    { ...edit, lastSequence: number },
    { ...edit, formatVersion: number },
    { ...edit, deleted: deleted.map((table) => ({ ...table, fileNumber: number })) },
    { ...edit, deleted: [...deleted, ...deleted] },
    { ...edit, added: [...added, ...added] },
    { ...edit, added: added.map((table) => changeTable(table, random)) },
    { ...edit, added: added.map((table) => changeTable(table, random)) },
    { ...edit, added: [] },
  ]
  return Buffer.from(encodeEdit(random.pick(changes)))
}

function changeTable(added: AddedTable, random: Prng): AddedTable {
  if (random.chance(0.5)) return added
  const number = random.pick(edgeNumbers)
  const { table } = added
  const fields = [
    'fileNumber',
    'sizeBytes',
    'minSequence',
    'maxSequence',
    'entryCount',
    'deleteCount',
    'rangeDeleteCount',
    'run',
    'writtenAtMs',
    ...(table.expiringCount > 0 ? (['expiringCount', 'lastExpiryMs'] as const) : []),
    ...(table.shadowedCount > 0 ? shadowedNames : []),
  ] as const
  switch (random.below(5)) {
    case 0:
      return { ...added, level: random.below(9) }
    case 1:
      return { ...added, keyspace: number }
    case 2: {
      const { start, end } = table.range
      return { ...added, table: { ...table, range: { start: end ?? start, end: start } } }
    }
    case 3:
      return { ...added, table: { ...table, range: { start: Buffer.alloc(0), end: null } } }
    default:
      return { ...added, table: { ...table, [random.pick(fields)]: number } }
  }
}

export function recordsOf(bytes: Buffer, purpose: LogPurpose, fileNumber: number): Record[] {
  const fs = new MemoryFileSystem()
  fs.create('/log').append(bytes, 0, bytes.length)
  const reader = LogReader.open(fs, '/log', purpose, fileNumber, { salvage: 'all', marks: true })
  const records: Record[] = []
  for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
    records.push({ payload: Buffer.from(payload), durableBytes: reader.durableBytes })
  }
  return records
}

export function encodeLog(
  records: readonly Record[],
  purpose: LogPurpose,
  fileNumber: number,
): Buffer {
  const parts = [encodeFileHeader(purpose, fileNumber)]
  const seed = logSeed(purpose, fileNumber)
  let offset = parts[0].length
  for (const { payload, durableBytes } of records) {
    const record = Buffer.concat([Buffer.alloc(recordHeaderBytes), payload])
    writeRecordHeader(record, 0, record.length, seed, offset, durableBytes)
    parts.push(record)
    offset += record.length
  }
  return Buffer.concat(parts)
}
