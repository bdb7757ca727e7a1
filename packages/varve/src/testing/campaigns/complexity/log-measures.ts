import type * as WriteAheadLogModule from '../../../wal/write-ahead-log.js'
import type * as ReplayModule from '../../../wal/replay.js'
import type * as LogWriterModule from '../../../log/log-writer.js'
import type * as WriteBatchModule from '../../../batch/write-batch.js'
import { ValueKind } from '../../../key/value-kind.js'
import type { CountedEngine } from './counted-engine.js'
import { CountingFiles } from './counting-files.js'
import { type Measurement, perTime } from './measurement.js'
import { ScatteredKeys } from './scattered-keys.js'

const sampleSize = 1000
const batchSize = 1000

/** Measures appends to a log of `size` entries, and its replay. */
export async function measureLog(engine: CountedEngine, size: number): Promise<Measurement[]> {
  const { WriteAheadLog } = await engine.load<typeof WriteAheadLogModule>('wal/write-ahead-log.js')
  const { replayLogs } = await engine.load<typeof ReplayModule>('wal/replay.js')
  const { LogWriter } = await engine.load<typeof LogWriterModule>('log/log-writer.js')
  const { WriteBatch } = await engine.load<typeof WriteBatchModule>('batch/write-batch.js')

  const files = new CountingFiles()
  const { fileSystem, directory } = files
  const nameOf = (logNumber: number): string => `${logNumber}.log`
  const log = new WriteAheadLog(fileSystem, directory, nameOf, 1, undefined)
  const keys = new ScatteredKeys(size)
  const batch = new WriteBatch(LogWriter.headroomBytes)
  let written = 0
  const commit = (count: number): void => {
    const firstSequence = written + 1
    for (const end = written + count; written < end; written++) {
      batch.begin(ValueKind.put, 0)
      batch.appendBytes(keys.present(written))
      batch.endKey()
      batch.appendBytes(keys.value)
      batch.end()
    }
    batch.seal(firstSequence)
    log.append(batch)
    batch.clear()
  }
  while (written < size) commit(batchSize)

  files.reset()
  const appends = engine.count(() => {
    for (let i = 0; i < sampleSize; i++) commit(1)
  })
  const { writeCalls, writtenBytes } = files
  await log.close()

  files.reset()
  let entries = 0
  const replay = engine.count(() => {
    const logs = [{ logNumber: 1, path: `${directory}/${nameOf(1)}` }]
    replayLogs(fileSystem, logs, (group) => {
      while (group.next()) entries++
    })
  })
  return [
    {
      operation: 'WAL append',
      theory: 'O(1)',
      growth: 'constant',
      size,
      counts: {
        ...perTime(appends, sampleSize),
        writes: writeCalls / sampleSize,
        writtenBytes: writtenBytes / sampleSize,
      },
    },
    {
      operation: 'WAL replay, per entry',
      theory: 'O(n)',
      growth: 'constant',
      size,
      counts: { ...perTime(replay, entries), readBytes: files.readBytes / entries },
    },
  ]
}
