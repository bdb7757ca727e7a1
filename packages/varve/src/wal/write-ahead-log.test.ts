import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import { WriteBatch } from '../batch/write-batch.js'
import { type Fault, FaultyFileSystem } from '../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../fs/file-system.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { ValueKind } from '../key/value-kind.js'
import { LogWriter } from '../log/log-writer.js'
import { replayLogs, type ReplayedLog } from './replay.js'
import { WriteAheadLog } from './write-ahead-log.js'

const directory = '/db'
const nameOf = (logNumber: number): string => `${logNumber}.log`
const pathOf = (logNumber: number): string => `${directory}/${nameOf(logNumber)}`

function newFileSystem(): MemoryFileSystem {
  const fs = new MemoryFileSystem()
  fs.makeDirectory(directory)
  return fs
}

function newLog(fs: FileSystem): WriteAheadLog {
  return new WriteAheadLog(fs, directory, nameOf, 1, undefined)
}

/** A commit of one operation with its sequence as the key. */
function commit(log: WriteAheadLog, sequence: number): void {
  const batch = new WriteBatch(LogWriter.headroomBytes)
  batch.begin(ValueKind.delete, 0)
  batch.appendBytes(Buffer.from(`${sequence}`))
  batch.endKey()
  batch.end()
  batch.seal(sequence)
  log.append(batch)
}

function replay(fs: FileSystem, logNumbers: readonly number[], firstNeeded?: number) {
  const logs: ReplayedLog[] = logNumbers.map((logNumber) => ({
    logNumber,
    path: pathOf(logNumber),
  }))
  const sequences: number[] = []
  const apply: Parameters<typeof replayLogs>[2] = (group) => {
    while (group.next()) {
      const key = group.bytes.toString('utf8', group.keyStart, group.keyEnd)
      assert.equal(key, `${group.sequence}`)
      sequences.push(group.sequence)
    }
  }
  const result = replayLogs(fs, logs, apply, firstNeeded)
  return { ...result, sequences }
}

/** Logs 1, 2 and 3 with the commits 1–3, 4–6 and 7–9. */
async function threeLogs(fs: FileSystem): Promise<void> {
  const log = newLog(fs)
  for (let sequence = 1; sequence <= 9; sequence++) {
    if (sequence === 4 || sequence === 7) log.rotate(log.logNumber + 1)
    commit(log, sequence)
  }
  await log.close()
}

function cut(fs: FileSystem, logNumber: number, bytes: number): void {
  const file = fs.openForAppend(pathOf(logNumber))
  file.truncate(file.sizeBytes - bytes)
  file.close()
}

function damage(fs: FileSystem, logNumber: number, offset: number): void {
  const reading = fs.openForRead(pathOf(logNumber))
  const bytes = Buffer.alloc(reading.sizeBytes())
  reading.read(bytes, 0, bytes.length, 0)
  reading.close()
  bytes[offset] ^= 1
  fs.remove(pathOf(logNumber))
  const file = fs.create(pathOf(logNumber))
  file.append(bytes, 0, bytes.length)
  file.close()
}

const powerLoss = { unsynced: 'none', prng: new Prng(1), sectorBytes: 512 } as const

test('replay returns the commits of all logs', async () => {
  const fs = newFileSystem()
  await threeLogs(fs)
  const { sequences, records, lastSequence, dropped, tornTails } = replay(fs, [1, 2, 3])
  assert.deepEqual(sequences, [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual(
    { records, lastSequence, tornTails },
    { records: 9, lastSequence: 9, tornTails: 0 },
  )
  assert.deepEqual(dropped, [])
})

test('a torn tail ends the last log', async () => {
  const fs = newFileSystem()
  await threeLogs(fs)
  cut(fs, 3, 1)
  const { sequences, tornTails, droppedBytes, used } = replay(fs, [1, 2, 3])
  assert.deepEqual(sequences, [1, 2, 3, 4, 5, 6, 7, 8])
  assert.equal(tornTails, 1)
  assert.ok(droppedBytes > 0)
  const left = fs.openForRead(pathOf(3))
  assert.equal(used.at(-1)?.sizeBytes, left.sizeBytes() - droppedBytes)
  left.close()
})

test('a log that lost its tail, torn or whole records, drops all later logs', async () => {
  const recordBytes = await (async () => {
    const fs = newFileSystem()
    await threeLogs(fs)
    cut(fs, 1, 1)
    return replay(fs, [1]).droppedBytes + 1
  })()
  for (const bytes of [1, recordBytes]) {
    const fs = newFileSystem()
    await threeLogs(fs)
    cut(fs, 1, bytes)
    const { sequences, dropped } = replay(fs, [1, 2, 3])
    assert.deepEqual(sequences, [1, 2])
    assert.deepEqual(
      dropped.map(({ logNumber }) => logNumber),
      [2, 3],
    )
  }
})

test('if a needed log is missing, the logs after it are dropped', async () => {
  const fs = newFileSystem()
  await threeLogs(fs)
  assert.deepEqual(replay(fs, [1, 3]).sequences, [1, 2, 3])
  assert.deepEqual(replay(fs, [2, 3], 0).sequences, [])
  assert.deepEqual(replay(fs, [2, 3], 2).sequences, [4, 5, 6, 7, 8, 9])
})

test('damage before valid records is an error with file and offset', async () => {
  const fs = newFileSystem()
  await threeLogs(fs)
  const file = fs.openForRead(pathOf(1))
  const sizeBytes = file.sizeBytes()
  file.close()
  damage(fs, 1, Math.floor(sizeBytes / 2))
  assert.throws(
    () => replay(fs, [1, 2, 3]),
    (error) =>
      error instanceof VarveError &&
      error.code === 'CORRUPTION' &&
      error.file === pathOf(1) &&
      error.offset !== undefined,
  )
})

for (const way of ['sync', 'syncAsync'] as const) {
  test(`${way} makes all earlier logs durable as well`, async () => {
    const fs = newFileSystem()
    fs.syncDirectory('/')
    const log = newLog(fs)
    for (let sequence = 1; sequence <= 6; sequence++) {
      if (sequence % 2 === 0) log.rotate(log.logNumber + 1)
      commit(log, sequence)
    }
    assert.ok(log.needsSync)
    await log[way]()
    assert.ok(!log.needsSync)
    commit(log, 7)
    const left = fs.crashClone(powerLoss)
    assert.deepEqual(replay(left, [1, 2, 3, 4]).sequences, [1, 2, 3, 4, 5, 6])
    await log.close()
  })
}

test('rotating and closing during a sync keeps its files open until it ends', async () => {
  const fs = newFileSystem()
  const log = newLog(fs)
  commit(log, 1)
  const syncing = log.syncAsync()
  log.sync()
  log.rotate(2)
  commit(log, 2)
  const again = log.syncAsync()
  log.rotate(3)
  await log.close()
  await Promise.all([syncing, again])
  assert.deepEqual(replay(fs, [1, 2, 3]).sequences, [1, 2])
})

test('a log that could not be started is removed before the next one starts', async () => {
  const memory = newFileSystem()
  const fs = new FaultyFileSystem(memory)
  const log = newLog(fs)
  commit(log, 1)
  const full: Fault = { systemCode: 'ENOSPC' }
  fs.faultFor = ({ kind }) => (kind === 'append' || kind === 'remove' ? full : undefined)
  assert.throws(() => log.rotate(2))
  assert.throws(() => log.rotate(3))
  fs.faultFor = () => undefined
  commit(log, 2)
  log.rotate(4)
  commit(log, 3)
  await log.close()
  const logs = memory.list(directory).map((name) => Number.parseInt(name, 10))
  assert.deepEqual(replay(memory, logs.sort()).sequences, [1, 2, 3])
})

test('a lost tail before a synced log is damage: acknowledged commits are never dropped', () => {
  const fs = newFileSystem()
  const log = newLog(fs)
  commit(log, 1)
  log.rotate(2)
  commit(log, 2)
  log.sync()
  // This record states that the bytes before it were durable.
  commit(log, 3)
  assert.deepEqual(replay(fs, [1, 2]).sequences, [1, 2, 3])
  cut(fs, 1, 1)
  assert.throws(() => replay(fs, [1, 2]), { code: 'CORRUPTION', file: pathOf(1) })
})
