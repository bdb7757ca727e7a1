import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import { FaultyFileSystem } from '../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../fs/file-system.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { fileHeaderBytes, LogPurpose, recordHeaderBytes } from './log-format.js'
import { LogReader, type LogReaderOptions, type TornTail } from './log-reader.js'
import { LogWriter } from './log-writer.js'
import { seeds } from '../base/testing/seed.js'

const path = '/log'
const fileNumber = 12

interface Outcome {
  payloads: string[]
  torn: TornTail | undefined
  damage: LogReader['damage']
}

function newLog(fs: FileSystem = new MemoryFileSystem()): LogWriter {
  return LogWriter.create(fs, path, LogPurpose.writeAhead, fileNumber)
}

function readLog(fs: FileSystem, options: LogReaderOptions = {}): Outcome {
  const reader = LogReader.open(fs, path, LogPurpose.writeAhead, fileNumber, options)
  const payloads: string[] = []
  try {
    for (let p = reader.next(); p !== undefined; p = reader.next()) payloads.push(p.toString())
  } finally {
    reader.close()
  }
  return { payloads, torn: reader.torn, damage: reader.damage }
}

function bytesOf(fs: FileSystem): Buffer {
  const file = fs.openForRead(path)
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

function withBytes(bytes: Buffer): FileSystem {
  const fs = new MemoryFileSystem()
  const file = fs.create(path)
  file.append(bytes, 0, bytes.length)
  file.close()
  return fs
}

function isCorruption(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'CORRUPTION'
}

test('reads records of any size in order, appended in place or copied', () => {
  const fs = new MemoryFileSystem()
  const writer = newLog(fs)
  const expected: string[] = []
  for (const size of [1, 7, 512, 300_000, 3, 1_500_000, 40]) {
    const payload = String.fromCharCode(97 + expected.length).repeat(size)
    if (expected.length % 2 === 0) {
      writer.append(Buffer.from(`..${payload}.`), 2, 2 + size)
    } else {
      const buffer = Buffer.alloc(LogWriter.headroomBytes + size + 10)
      buffer.write(payload, 5 + LogWriter.headroomBytes)
      writer.appendInPlace(buffer, 5, 5 + LogWriter.headroomBytes + size)
    }
    expected.push(payload)
    if (size === 512) writer.sync()
  }
  assert.equal(writer.sizeBytes, bytesOf(fs).length)
  writer.close()
  assert.deepEqual(readLog(fs), { payloads: expected, torn: undefined, damage: [] })
})

test('rejects a log with another purpose, number or format', () => {
  const fs = new MemoryFileSystem()
  newLog(fs).close()
  const open = (purpose: LogPurpose, number: number) => () =>
    LogReader.open(fs, path, purpose, number)
  assert.throws(open(LogPurpose.manifest, fileNumber), isCorruption)
  assert.throws(open(LogPurpose.writeAhead, fileNumber + 1), isCorruption)
  assert.equal(open(LogPurpose.writeAhead, fileNumber)().next(), undefined)
})

test('a file truncated at any length keeps a prefix of its records', () => {
  const { bytes, payloads, ends } = smallLog(0)
  for (let length = 0; length < bytes.length; length++) {
    const { payloads: left, torn } = readLog(withBytes(bytes.subarray(0, length)))
    const whole = ends.filter((end) => end <= length)
    assert.deepEqual(left, payloads.slice(0, whole.length), `cut at ${length}`)
    const offset = length < fileHeaderBytes ? 0 : (whole.at(-1) ?? fileHeaderBytes)
    const expected =
      offset === length && length > 0 ? undefined : { offset, droppedBytes: length - offset }
    assert.deepEqual(torn, expected, `cut at ${length}`)
  }
})

for (const syncEvery of [0, 2]) {
  test(`a flipped bit is never returned as data, with a sync every ${syncEvery} records`, () => {
    const { bytes, payloads, ends } = smallLog(syncEvery)
    const lastStart = ends[ends.length - 2]
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7)
      const inLast = bit >> 3 >= lastStart
      try {
        const { payloads: left, torn } = readLog(withBytes(bytes))
        assert.ok(inLast && torn !== undefined, `bit ${bit} was not detected`)
        assert.deepEqual(left, payloads.slice(0, -1))
      } catch (error) {
        assert.ok(isCorruption(error) && !inLast, `bit ${bit}: ${String(error)}`)
      }
      bytes[bit >> 3] ^= 1 << (bit & 7)
    }
  })
}

test('a mark distinguishes damage to the last record from a torn tail', () => {
  const fs = new MemoryFileSystem()
  const writer = newLog(fs)
  writer.append(Buffer.from('only'))
  writer.sync()
  writer.appendMark()
  const bytes = bytesOf(fs)
  assert.deepEqual(readLog(withBytes(bytes)).payloads, ['only'])
  bytes[fileHeaderBytes + recordHeaderBytes] ^= 1
  assert.throws(() => readLog(withBytes(bytes)), isCorruption)
})

test('a lost sector is a torn tail in unsynced bytes, and damage in synced bytes', () => {
  const fs = new MemoryFileSystem()
  const writer = newLog(fs)
  const payloads = Array.from({ length: 12 }, (_, i) => String.fromCharCode(97 + i).repeat(400))
  for (const [i, payload] of payloads.entries()) {
    writer.append(Buffer.from(payload))
    if (i === 5) writer.sync()
  }
  const recordBytes = recordHeaderBytes + 400
  const whole = bytesOf(fs)
  const syncedBytes = fileHeaderBytes + 6 * recordBytes
  for (let sector = 512; sector < whole.length; sector += 512) {
    const bytes = Buffer.from(whole).fill(0, sector, sector + 512)
    const first = Math.floor((sector - fileHeaderBytes) / recordBytes)
    if (sector < syncedBytes) {
      assert.throws(() => readLog(withBytes(bytes)), isCorruption, `sector at ${sector}`)
    } else {
      const { payloads: left, torn } = readLog(withBytes(bytes))
      assert.deepEqual(left, payloads.slice(0, first), `sector at ${sector}`)
      assert.equal(torn?.offset, fileHeaderBytes + first * recordBytes)
    }
  }
})

test('a file of zeros and an empty file are torn at the start', () => {
  assert.deepEqual(readLog(withBytes(Buffer.alloc(0))).torn, { offset: 0, droppedBytes: 0 })
  assert.deepEqual(readLog(withBytes(Buffer.alloc(900))).torn, { offset: 0, droppedBytes: 900 })
  const { bytes } = smallLog(0)
  assert.equal(readLog(withBytes(Buffer.from(bytes).fill(0, 0, 32))).torn?.offset, 0)
  const synced = smallLog(2).bytes
  assert.throws(() => readLog(withBytes(synced.fill(0, 0, 32))), isCorruption)
})

test('a log inside a payload is not mistaken for records of the log', () => {
  const inner = smallLog(1).bytes
  const fs = new MemoryFileSystem()
  const writer = newLog(fs)
  writer.append(Buffer.from('before'))
  writer.append(inner)
  const bytes = bytesOf(fs)
  const start = bytes.length - inner.length - recordHeaderBytes
  for (const damaged of [start, start + 13, start + recordHeaderBytes + 1]) {
    const copy = Buffer.from(bytes)
    copy[damaged] ^= 1
    assert.equal(readLog(withBytes(copy)).torn?.offset, start)
  }
})

test('the search after a bad record takes time proportional to the file size', () => {
  // 2 million possible starts of a record: a quadratic search would take days.
  const { bytes } = smallLog(0)
  bytes[40] ^= 1
  const magics = Buffer.alloc(8_000_000, Buffer.from([0x52, 0x4c, 0x56, 0xd7]))
  assert.throws(() => readLog(withBytes(Buffer.concat([bytes, magics]))), isCorruption)
})

test('the search finds a record at any position relative to the pieces it reads', () => {
  const pieceBytes = 256 * 1024
  for (let distance = 0; distance <= recordHeaderBytes + 4; distance++) {
    const fs = new MemoryFileSystem()
    const writer = newLog(fs)
    const start = pieceBytes - distance
    writer.append(Buffer.alloc(start - fileHeaderBytes - recordHeaderBytes, 'x'))
    writer.append(Buffer.from('next'))
    const bytes = bytesOf(fs)
    bytes[fileHeaderBytes] ^= 1
    const { payloads, damage } = readLog(withBytes(bytes), { salvage: 'all' })
    assert.deepEqual(payloads, ['next'], `${distance} bytes before the end of a piece`)
    assert.deepEqual(damage, [{ start: fileHeaderBytes, end: start }])
  }
})

test('salvage returns every whole record and lists the skipped spans', () => {
  const { bytes, payloads, ends } = smallLog(0)
  const damaged = Buffer.concat([bytes, Buffer.from('tail')])
  damaged[ends[1] + recordHeaderBytes] ^= 4
  damaged[ends[3] + 2] ^= 4
  const { payloads: left, damage, torn } = readLog(withBytes(damaged), { salvage: 'all' })
  assert.deepEqual(
    left,
    payloads.filter((_, i) => i !== 2 && i !== 4),
  )
  assert.deepEqual(damage, [
    { start: ends[1], end: ends[2] },
    { start: ends[3], end: ends[4] },
    { start: bytes.length, end: damaged.length },
  ])
  assert.equal(torn, undefined)
  damaged[3] ^= 1
  assert.equal(readLog(withBytes(damaged), { salvage: 'all' }).payloads.length, left.length)
})

test('salvage of damage alone stops at a torn tail', () => {
  const fs = new MemoryFileSystem()
  const writer = newLog(fs)
  for (let i = 0; i < 12; i++) writer.append(Buffer.alloc(400, 97 + i))
  const bytes = bytesOf(fs)
  const recordBytes = recordHeaderBytes + 400
  const second = fileHeaderBytes + recordBytes
  bytes[second + 50] ^= 4
  bytes.fill(0, 2048, 2560)
  const { payloads, damage, torn } = readLog(withBytes(bytes), { salvage: 'damage' })
  assert.deepEqual(damage, [{ start: second, end: second + recordBytes }])
  assert.deepEqual(payloads.map((payload) => payload[0]).join(''), 'acd')
  assert.equal(torn?.offset, fileHeaderBytes + 4 * recordBytes)
  const all = readLog(withBytes(bytes), { salvage: 'all' })
  assert.deepEqual(all.payloads.map((payload) => payload[0]).join(''), 'acdghijkl')
})

test('returns marks on request', () => {
  const fs = new MemoryFileSystem()
  const writer = newLog(fs)
  writer.append(Buffer.from('one'))
  writer.sync()
  writer.appendMark()
  assert.deepEqual(readLog(fs).payloads, ['one'])
  assert.deepEqual(readLog(fs, { marks: true }).payloads, ['one', ''])
})

test('a power loss leaves a prefix with all synced records', () => {
  for (const seed of seeds(400, 0)) {
    const prng = new Prng(seed)
    const fs = new MemoryFileSystem()
    const writer = newLog(fs)
    fs.syncDirectory('/')
    const payloads: string[] = []
    let syncedCount = 0
    for (let i = prng.between(1, 30); i > 0; i--) {
      payloads.push(String.fromCharCode(prng.between(97, 122)).repeat(prng.between(1, 2000)))
      writer.append(Buffer.from(payloads.at(-1)!))
      if (!prng.chance(0.15)) continue
      writer.sync()
      syncedCount = payloads.length
    }
    const unsynced = prng.pick(['none', 'all', 'torn', 'random'] as const)
    const crashed = fs.crashClone({ unsynced, prng, sectorBytes: 512 })
    const { payloads: left } = readLog(crashed)
    assert.ok(left.length >= syncedCount, `seed ${seed}: ${left.length} < ${syncedCount}`)
    assert.deepEqual(left, payloads.slice(0, left.length), `seed ${seed}`)
  }
})

test('a failed append is truncated, and the next one takes its place', () => {
  const inner = new MemoryFileSystem()
  const fs = new FaultyFileSystem(inner)
  const writer = newLog(fs)
  writer.append(Buffer.from('one'))
  fs.faultFor = ({ kind }) =>
    kind === 'append' ? { systemCode: 'ENOSPC', shortWriteBytes: 30 } : undefined
  assert.throws(() => writer.append(Buffer.from('x'.repeat(100))), { systemCode: 'ENOSPC' })
  fs.faultFor = () => undefined
  assert.equal(writer.broken, false)
  assert.equal(writer.sizeBytes, bytesOf(inner).length)
  writer.append(Buffer.from('two'))
  assert.deepEqual(readLog(inner).payloads, ['one', 'two'])
})

test('an undone append does not make unsynced records count as durable', () => {
  const inner = new MemoryFileSystem()
  const fs = new FaultyFileSystem(inner)
  const writer = newLog(fs)
  writer.append(Buffer.from('builds on a log that is not synced'))
  fs.faultFor = ({ kind }) => (kind === 'append' ? { systemCode: 'EIO' } : undefined)
  assert.throws(() => writer.append(Buffer.from('undone')), { systemCode: 'EIO' })
  fs.faultFor = () => undefined
  writer.append(Buffer.from('the next one'))
  const reader = LogReader.open(inner, path, LogPurpose.writeAhead, fileNumber)
  while (reader.next() !== undefined);
  assert.equal(reader.vouchedBytes, 0)
  reader.close()
})

test('an append that cannot be undone and a failed sync break the writer permanently', async () => {
  const failing = (...kinds: string[]): { fs: FaultyFileSystem; writer: LogWriter } => {
    const fs = new FaultyFileSystem(new MemoryFileSystem())
    const writer = newLog(fs)
    fs.faultFor = ({ kind }) => (kinds.includes(kind) ? { systemCode: 'EIO' } : undefined)
    return { fs, writer }
  }
  const refuses = async ({ fs, writer }: ReturnType<typeof failing>): Promise<void> => {
    fs.faultFor = () => undefined
    assert.ok(writer.broken)
    assert.throws(() => writer.append(Buffer.from('x')), { code: 'POISONED' })
    assert.throws(() => writer.sync(), { code: 'POISONED' })
    await assert.rejects(writer.syncAsync(), { code: 'POISONED' })
    assert.equal(writer.durableBytes, 0)
  }
  const appending = failing('append', 'truncate')
  assert.throws(() => appending.writer.append(Buffer.from('x')), { code: 'IO' })
  await refuses(appending)
  const syncing = failing('sync')
  assert.throws(() => syncing.writer.sync(), { code: 'IO' })
  await refuses(syncing)
  const later = failing('sync')
  await assert.rejects(later.writer.syncAsync(), { code: 'IO' })
  await refuses(later)
})

test('a background sync covers the records that existed when it started', async () => {
  const writer = newLog()
  writer.append(Buffer.from('one'))
  const sizeBytes = writer.sizeBytes
  const syncing = writer.syncAsync()
  writer.append(Buffer.from('two'))
  await syncing
  assert.equal(writer.durableBytes, sizeBytes)
})

/** Six records without a zero byte; `ends` are the offsets of their ends. */
function smallLog(syncEvery: number): { bytes: Buffer; payloads: string[]; ends: number[] } {
  const fs = new MemoryFileSystem()
  const writer = newLog(fs)
  const payloads: string[] = []
  const ends: number[] = []
  for (let i = 1; i <= 6; i++) {
    payloads.push(`${i}`.repeat(9 * i))
    writer.append(Buffer.from(payloads.at(-1)!))
    ends.push(writer.sizeBytes)
    if (syncEvery > 0 && i % syncEvery === 0) writer.sync()
  }
  return { bytes: bytesOf(fs), payloads, ends }
}

test('reserved space after the records is not a torn tail, and close removes it', () => {
  const fs = new MemoryFileSystem()
  const path = '/log'
  const log = LogWriter.create(fs, path, LogPurpose.writeAhead, 7, 4096)
  log.append(Buffer.from('first'))
  log.sync()
  log.append(Buffer.from('second'))
  const whole = log.sizeBytes
  const crashed = fs.processCrashClone()
  assert.equal(crashed.openForRead(path).sizeBytes(), whole + 4096)

  const reader = LogReader.open(crashed, path, LogPurpose.writeAhead, 7)
  assert.equal(reader.next()?.toString(), 'first')
  assert.equal(reader.next()?.toString(), 'second')
  assert.equal(reader.next(), undefined)
  assert.equal(reader.torn, undefined)
  assert.equal(reader.validBytes, whole)
  reader.close()

  log.close()
  assert.equal(fs.openForRead(path).sizeBytes(), whole)
})

test('a log that cannot reserve space continues without it', () => {
  const fs = new FaultyFileSystem(new MemoryFileSystem(), ({ kind }) =>
    kind === 'reserve' ? { systemCode: 'ENOSPC' } : undefined,
  )
  const log = LogWriter.create(fs, '/log', LogPurpose.writeAhead, 7, 4096)
  log.sync()
  log.append(Buffer.from('record'))
  log.sync()
  assert.equal(log.broken, false)
  assert.equal(log.durableBytes, log.sizeBytes)
  log.close()
})
