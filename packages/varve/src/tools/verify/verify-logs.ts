import type { BatchReader } from '../../batch/batch-reader.js'
import { VarveError } from '../../base/errors.js'
import { LogPurpose } from '../../log/log-format.js'
import { LogReader } from '../../log/log-reader.js'
import { highestTable } from '../../store/file-names.js'
import { replayLogs, type ReplayedLog } from '../../wal/replay.js'
import { type Problem, problemOf, type Remark } from '../directory/problem.js'
import type { Site } from '../directory/tool-options.js'

export interface LogFindings {
  readonly problems: Problem[]
  readonly remarks: Remark[]
  commits: number
  /** By log number. */
  readonly operations: Map<number, number>
}

/**
 * Reads the logs of a database as `open` would, and reports what `open` would find. Of logs
 * that it would refuse, every damaged part is reported.
 */
export function checkLogs(
  { fs, directory }: Site,
  logs: readonly ReplayedLog[],
  firstNeeded: number,
): LogFindings {
  const operations = new Map(logs.map(({ logNumber }) => [logNumber, 0]))
  const found: LogFindings = { problems: [], remarks: [], commits: 0, operations }
  const apply = (group: BatchReader, logNumber: number): void => {
    while (group.next());
    operations.set(logNumber, operations.get(logNumber)! + group.count)
  }
  try {
    const newestTable = highestTable(fs.list(directory))
    const replayed = replayLogs(fs, logs, apply, firstNeeded, newestTable)
    found.commits = replayed.records
    for (const { path, sizeBytes, tornBytes } of replayed.used) {
      if (tornBytes === 0) continue
      const message = `torn tail of ${tornBytes} bytes at byte ${sizeBytes}: never promised`
      found.remarks.push({ file: nameOf(path), message })
    }
    for (const { path } of replayed.dropped) {
      const message = 'left out: it was never begun, or follows a lost tail'
      found.remarks.push({ file: nameOf(path), message })
    }
  } catch (error) {
    const problem = problemOf(error, fileOf(error, directory))
    found.problems.push(problem, ...damagedStretches({ fs, directory }, logs, problem))
  }
  return found
}

/** All but `known`, which is already reported. */
function* damagedStretches(
  { fs }: Pick<Site, 'fs' | 'directory'>,
  logs: readonly ReplayedLog[],
  known: Problem,
): Generator<Problem> {
  for (const { path, logNumber } of logs) {
    const file = nameOf(path)
    try {
      const reader = LogReader.open(fs, path, LogPurpose.writeAhead, logNumber, {
        salvage: 'damage',
      })
      try {
        while (reader.next() !== undefined);
        for (const { start, end } of reader.damage) {
          if (file === known.file && start === known.offset) continue
          const message = 'damaged records'
          yield { kind: 'damage', file, offset: start, sizeBytes: end - start, message }
        }
      } finally {
        reader.close()
      }
    } catch (error) {
      const problem = problemOf(error, file)
      if (file !== known.file || problem.offset !== known.offset) yield problem
    }
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The file that an error is about; the directory's first when it does not say. */
function fileOf(error: unknown, directory: string): string {
  const path = error instanceof VarveError ? (error.file ?? error.path) : undefined
  return path === undefined ? directory : nameOf(path)
}
