import { BatchReader } from '../../batch/batch-reader.js'
import { LogPurpose } from '../../log/log-format.js'
import { type DamagedSpan, LogReader } from '../../log/log-reader.js'
import { decodeLogStart, type LogStart } from '../../wal/log-start.js'
import type { FoundFile } from './inventory.js'
import type { Site } from './tool-options.js'

/** A log that was read from end to end, past whatever is damaged. */
export interface LogSource {
  readonly file: FoundFile
  readonly sizeBytes: number
  /** Commit groups, and the operations in them. */
  commits: number
  operations: number
  /** Sequence of the last operation of each keyspace that it has operations of. */
  readonly lastSequences: Map<number, number>
  /** The log before it; undefined: its start cannot be read. */
  previousLog: number | undefined
  readonly damage: DamagedSpan[]
}

export function* examineLog(site: Site, file: FoundFile): Generator<number, LogSource> {
  const source: LogSource = {
    file,
    sizeBytes: 0,
    commits: 0,
    operations: 0,
    lastSequences: new Map(),
    previousLog: undefined,
    damage: [],
  }
  const onStart = ({ previousLog }: LogStart): void => void (source.previousLog = previousLog)
  const sizeBytes = yield* salvageGroups(site, file, source.damage, onStart, (group) => {
    source.commits++
    source.operations += group.count
    while (group.next()) source.lastSequences.set(group.keyspace, group.sequence)
  })
  return { ...source, sizeBytes }
}

/**
 * Passes every whole commit group of a log to `apply`, also those after damage, and after what
 * looks like a torn tail. A record that is no group, or whose sequences do not ascend, is reported
 * in `damage` like the rest. Yields bytes; returns the size of the file.
 */
export function* salvageGroups(
  { fs }: Site,
  file: FoundFile,
  damage: DamagedSpan[],
  onStart: (start: LogStart) => void,
  apply: (group: BatchReader) => void,
): Generator<number, number> {
  const reader = LogReader.open(fs, file.path, LogPurpose.writeAhead, file.number, {
    salvage: 'all',
  })
  try {
    const group = new BatchReader()
    let last = 0
    for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
      yield payload.length
      const start = decodeLogStart(payload)
      if (start !== undefined) {
        onStart(start)
        continue
      }
      if (!isWhole(group, payload) || group.firstSequence <= last) {
        damage.push({ start: reader.recordOffset, end: reader.validBytes })
        continue
      }
      last = group.firstSequence + group.count - 1
      group.open(payload, 0, payload.length)
      apply(group)
    }
    damage.push(...reader.damage)
    return reader.sizeBytes
  } finally {
    reader.close()
  }
}

/** A group is applied whole or not at all, so it is walked before. */
function isWhole(group: BatchReader, payload: Buffer): boolean {
  group.open(payload, 0, payload.length)
  while (group.next());
  return group.problem === undefined
}
