import { corruption } from '../base/errors.js'
import type { Pace } from '../base/pace.js'
import type { BatchReader } from '../batch/batch-reader.js'
import type { FileSystem } from '../fs/file-system.js'
import { LogPurpose } from '../log/log-format.js'
import { LogWriter } from '../log/log-writer.js'
import { encodeLogStart } from '../wal/log-start.js'
import { replayInSteps } from '../wal/replay.js'
import type { CopySource } from './copy-source.js'

/**
 * Writes all commits in the logs of a copy source to one new log, durably; the name is not synced.
 * Returns its size, or 0 when there is nothing to write, and so no file. Whatever is damaged fails it
 * with CORRUPTION, as it would `open`.
 */
export async function copyCommits(
  fs: FileSystem,
  from: CopySource,
  path: string,
  logNumber: number,
  pace: Pace,
): Promise<number> {
  const target = new TargetLog(fs, path, logNumber)
  try {
    const copy = (group: BatchReader): void => {
      while (group.next());
      if (group.problem === undefined && group.firstSequence <= from.sequence) {
        target.append(group.bytes)
      }
    }
    const result = await pace.through(replayInSteps(fs, from.logs, copy, from.edit.logNumber))
    if (result.tornTails > 0) {
      const { path: file, sizeBytes } = result.last ?? { ...from.logs[0], sizeBytes: 0 }
      throw corruption(file, sizeBytes, 'a record that was whole is not any more')
    }
    return await target.finish()
  } finally {
    target.close()
  }
}

/** Begins with the first commit. Owned by: `copyCommits`. */
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

  /** Makes it durable, with a mark that says so. */
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
