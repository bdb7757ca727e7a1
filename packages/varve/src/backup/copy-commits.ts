import { corruption } from '../base/errors.js'
import type { Yielder } from '../base/yielder.js'
import type { BatchReader } from '../batch/batch-reader.js'
import type { FileSystem } from '../fs/file-system.js'
import { LogPurpose } from '../log/log-format.js'
import { LogWriter } from '../log/log-writer.js'
import { encodeLogStart } from '../wal/log-start.js'
import { replayInSteps } from '../wal/replay.js'
import type { CopySource } from './copy-source.js'

/**
 * Writes all commits in the logs of a copy source to one new log, durably; the name is not synced.
 * Returns its size, or 0 without creating a file when there are no commits. Damage in a log fails
 * the copy with CORRUPTION, as it would fail `open`.
 */
export async function copyCommits(
  fs: FileSystem,
  from: CopySource,
  path: string,
  logNumber: number,
  yielder: Yielder,
): Promise<number> {
  const target = new TargetLog(fs, path, logNumber)
  try {
    const copy = (group: BatchReader): void => {
      while (group.next());
      if (group.problem === undefined && group.firstSequence <= from.sequence) {
        target.append(group.bytes)
      }
    }
    const result = await yielder.run(replayInSteps(fs, from.logs, copy, from.edit.logNumber))
    if (result.tornTails > 0) {
      const { path: file, sizeBytes } = result.last ?? { ...from.logs[0], sizeBytes: 0 }
      throw corruption(file, sizeBytes, 'a complete record became unreadable')
    }
    return await target.finish()
  } finally {
    target.close()
  }
}

/** Created with the first commit. Owned by: `copyCommits`. */
class TargetLog {
  private writer: LogWriter | undefined

  constructor(
    private readonly fs: FileSystem,
    private readonly path: string,
    private readonly logNumber: number,
  ) {}

  append(payload: Buffer): void {
    this.writer ??= this.begin()
    this.writer.append(payload)
  }

  /** Makes the log durable and marks it as synced. */
  async finish(): Promise<number> {
    const { writer } = this
    if (writer === undefined) return 0
    await writer.syncAsync()
    writer.appendMark()
    await writer.syncAsync()
    return writer.sizeBytes
  }

  close(): void {
    this.writer?.close()
  }

  private begin(): LogWriter {
    const writer = LogWriter.create(this.fs, this.path, LogPurpose.writeAhead, this.logNumber)
    try {
      writer.append(encodeLogStart({ previousLog: 0, previousBytes: 0 }))
      return writer
    } catch (error) {
      writer.close()
      throw error
    }
  }
}
