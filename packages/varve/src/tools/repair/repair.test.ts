import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { FaultyFileSystem } from '../../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { latin1, openBinary } from '../../testing/harness/comparison.js'
import { parseFileName } from '../../store/file-names.js'
import { repair } from './repair.js'
import type { RepairReport } from './repair-report.js'
import {
  allBytes,
  type Contents,
  contentsOf,
  survives,
  type StoredRecord,
  visibleIn,
} from '../testing/record-oracle.js'
import { clockOfSamples, expiringSample } from '../../testing/harness/expiring-sample.js'
import {
  copyOf,
  readBytes,
  replaceBytes,
  type Sample,
  sampleDatabase,
  samplePath,
} from '../../testing/harness/sample-database.js'
import { seeds } from '../../base/testing/seed.js'

interface Whole extends Sample {
  readonly contents: Contents
  readonly before: ReadonlyMap<string, Buffer>
  readonly names: readonly string[]
}

/** In every other one there are entries that expire, and have by the time of the repair. */
async function wholeDatabase(seed: number): Promise<Whole> {
  const { fs, options: given } = await (seed % 2 === 0
    ? expiringSample(seed)
    : sampleDatabase(seed))
  const sample = { fs, options: { ...given, clock: clockOfSamples } }
  const contents = contentsOf(sample.fs)
  const before = allBytes(sample.fs)
  return { ...sample, contents, before, names: [...before.keys()].sort() }
}

const samples = Promise.all([101, 102, 103, 104, 105, 106].map(wholeDatabase))

type Damage = (fs: FileSystem, name: string, random: Prng, names: readonly string[]) => void

const damages: Record<string, Damage> = {
  flip(fs, name, random) {
    const bytes = readBytes(fs, name)
    for (let i = random.between(1, 4); i > 0; i--) {
      bytes[random.below(bytes.length)] ^= random.between(1, 255)
    }
    replaceBytes(fs, name, bytes)
  },
  truncate(fs, name, random) {
    const bytes = readBytes(fs, name)
    replaceBytes(fs, name, bytes.subarray(0, random.below(bytes.length)))
  },
  zeroPage(fs, name, random) {
    const bytes = readBytes(fs, name)
    const start = 4096 * random.below(Math.max(1, Math.ceil(bytes.length / 4096)))
    replaceBytes(fs, name, bytes.fill(0, start, Math.min(bytes.length, start + 4096)))
  },
  remove(fs, name) {
    fs.remove(`${samplePath}/${name}`)
  },
  empty(fs, name) {
    replaceBytes(fs, name, Buffer.alloc(0))
  },
  exchange(fs, name, random, names) {
    const other = random.pick(names)
    if (!fs.exists(`${samplePath}/${name}`) || !fs.exists(`${samplePath}/${other}`)) return
    const [bytes, others] = [readBytes(fs, name), readBytes(fs, other)]
    replaceBytes(fs, name, others)
    replaceBytes(fs, other, bytes)
  },
  copyOver(fs, name, random, names) {
    const other = random.pick(names)
    if (fs.exists(`${samplePath}/${other}`)) replaceBytes(fs, name, readBytes(fs, other))
  },
}

const apply = (fs: FileSystem, salvageLogs: boolean): Promise<RepairReport> =>
  repair(samplePath, { fileSystem: fs, apply: true, salvageLogs })

async function contentOf(fs: FileSystem, options: Sample['options']): Promise<Map<string, Buffer>> {
  const db = await openBinary(samplePath, { ...options, fileSystem: fs })
  const found = [...db.entries()].map(([key, value]) => [latin1(key), Buffer.from(value)] as const)
  await db.close()
  return new Map(found)
}

/** The records that must be there after a repair that took every whole commit from the logs. */
function expectedRecords(
  { contents, before }: Whole,
  damaged: ReadonlyMap<string, Buffer>,
  report: RepairReport,
): StoredRecord[] {
  const useless = report.files.filter(({ reason }) => reason?.endsWith('unknown') === true)
  for (const { name } of useless) {
    const now = [damaged.get(name)!]
    const held = contents.records.find((record) => survives(record, before, now))
    const facts = contents.tables.find(({ file }) => file === held?.file)
    if (facts === undefined) continue
    const { file, propertiesStart: start, propertiesEnd: end } = facts
    assert.ok(!survives({ file, start, end }, before, now), `${name} has its properties`)
  }
  const usable = [...damaged].filter(([file]) => !useless.some(({ name }) => name === file))
  const now = usable.map(([, bytes]) => bytes)
  const isTable = ({ file }: StoredRecord): boolean => file.endsWith('.sst')
  const left = contents.records.filter((record) => survives(record, before, now))
  const tables = new Set(left.filter(isTable).map(({ file }) => file))
  const used = contents.tables.filter(({ file }) => tables.has(file))
  const flushed = report.isRebuilt
    ? Math.max(0, ...used.map(({ maxSequence }) => maxSequence))
    : contents.lastSequence
  return left.filter((record) => isTable(record) || record.sequence > flushed)
}

function assertSame(found: Map<string, Buffer>, expected: Map<string, Buffer>): void {
  const missing = [...expected.keys()].filter((key) => !found.has(key))
  const strange = [...found.keys()].filter((key) => !expected.has(key))
  const short = (keys: string[]): string[] => keys.map((key) => key.slice(0, 30))
  assert.deepEqual(
    { missing: short(missing), strange: short(strange) },
    { missing: [], strange: [] },
  )
  for (const [key, value] of expected) assert.ok(found.get(key)!.equals(value), key.slice(0, 30))
}

const seedCount = Number(process.env['VARVE_REPAIRS'] ?? 60)

test('whatever is damaged, everything outside the damage is recovered', async () => {
  const all = await samples
  for (const seed of seeds(seedCount)) {
    const random = new Prng(seed)
    const whole = random.pick(all)
    const fs = copyOf(whole)
    const done: string[] = []
    for (let i = random.pick([1, 1, 2, 4]); i > 0; i--) {
      const name = random.pick(whole.names)
      const how = random.pick(Object.keys(damages))
      if (!fs.exists(`${samplePath}/${name}`)) continue
      damages[how](fs, name, random, whole.names)
      done.push(`${how} ${name}`)
    }
    try {
      await checkRepair(whole, fs)
    } catch (cause) {
      console.error(cause)
      throw new Error(`failed with VARVE_SEED=${seed}: ${done.join(', ')}`, { cause })
    }
  }
})

async function checkRepair(whole: Whole, fs: MemoryFileSystem): Promise<void> {
  const damaged = allBytes(fs)
  const dry = await repair(samplePath, { fileSystem: fs, salvageLogs: true })
  assert.deepEqual(allBytes(fs), damaged, 'a dry run changes nothing')
  const report = await apply(fs, true)
  assert.deepEqual({ ...dry, isDone: true }, withoutResults(report))
  if (report.isDone) {
    assert.deepEqual(report.after!.problems, [])
    for (const name of fs.list(report.aside!)) {
      const original = readBytes(fs, `${report.aside!.slice(samplePath.length)}/${name}`)
      assert.ok(original.equals(damaged.get(name)!), `${name} as it was`)
    }
  }
  const again = await repair(samplePath, { fileSystem: fs })
  assert.equal(again.isNeeded, false, 'a repaired database needs no repair')
  const expected = visibleIn(expectedRecords(whole, damaged, report))
  assertSame(await contentOf(fs, whole.options), expected)
}

function withoutResults({ aside, after, ...report }: RepairReport): RepairReport {
  void aside
  void after
  return { ...report, isDone: true }
}

test('a sound database needs no repair, and a crash makes none necessary', async () => {
  for (const whole of await samples) {
    const report = await repair(samplePath, { fileSystem: whole.fs, apply: true })
    assert.equal(report.isNeeded, false)
    assert.deepEqual(allBytes(whole.fs), new Map(whole.before))
  }
  for (const seed of seeds(5)) {
    const random = new Prng(seed)
    const crashed: MemoryFileSystem[] = []
    const { fs } = await sampleDatabase(seed, {}, (inner) => {
      const faulty = new FaultyFileSystem(inner)
      faulty.faultFor = () => {
        const fate = { unsynced: 'torn' as const, prng: new Prng(random.next()), sectorBytes: 512 }
        if (random.chance(0.002)) crashed.push(inner.crashClone(fate))
        return undefined
      }
      return faulty
    })
    void fs
    for (const left of crashed.slice(0, 8)) {
      if (!left.list(samplePath).some((name) => parseFileName(name)?.kind === 'current')) continue
      const report = await repair(samplePath, { fileSystem: left })
      assert.equal(report.isNeeded, false, `seed ${seed}: ${JSON.stringify(report)}`)
    }
  }
})

test('a repair that dies anywhere can be repeated, and loses nothing', async () => {
  const whole = (await samples)[0]
  for (const seed of seeds(6)) {
    const random = new Prng(seed)
    const fs = copyOf(whole)
    const name = random.pick(whole.names.filter((file) => file.endsWith('.sst')))
    damages['flip'](fs, name, random, whole.names)
    if (seed % 2 === 0) fs.remove(`${samplePath}/CURRENT`)
    if (seed % 3 === 0)
      damages['empty'](
        fs,
        whole.names.find((n) => n.startsWith('MANIFEST'))!,
        random,
        [],
      )
    const now = allBytes(fs)
    const probe = new FaultyFileSystem(copyOf({ ...whole, fs }))
    const report = await apply(probe, true)
    const expected = visibleIn(expectedRecords(whole, now, report))
    for (let k = random.below(7); k < probe.operationCount; k += random.between(20, 120)) {
      const inner = copyOf({ ...whole, fs })
      const faulty = new FaultyFileSystem(inner)
      let left: MemoryFileSystem | undefined
      faulty.faultFor = ({ index }) => {
        const unsynced = random.pick(['none', 'all', 'torn'] as const)
        if (index === k) left = inner.crashClone({ unsynced, prng: random, sectorBytes: 512 })
        return index >= k ? { systemCode: 'EIO' } : undefined
      }
      await assert.rejects(apply(faulty, true))
      await apply(left!, true)
      assertSame(await contentOf(left!, whole.options), expected)
    }
  }
})

test('logs that open can read are left to it', async () => {
  const whole = (await samples)[1]
  const fs = copyOf(whole)
  fs.remove(`${samplePath}/CURRENT`)
  const log = whole.names.filter((name) => name.endsWith('.log')).at(-1)!
  replaceBytes(fs, log, readBytes(fs, log).subarray(0, -3))
  const report = await apply(fs, false)
  assert.deepEqual(
    report.files.filter(({ kind }) => kind === 'log').map(({ fate }) => fate),
    ['keep'],
  )
  assert.equal(report.manifestProblem, 'CURRENT is lost')
  assert.equal(report.isRebuilt, false)
})

test('a directory of others is not touched', async () => {
  const fs = new MemoryFileSystem()
  fs.makeDirectory(samplePath)
  for (const name of ['CURRENT', 'MANIFEST-000005', '000007.sst', '000006.log']) {
    replaceBytes(fs, name, Buffer.from('of another engine'))
  }
  await assert.rejects(apply(fs, true), { code: 'INVALID_ARGUMENT' })
})

test('an open database is not repaired, but looked at', async () => {
  const whole = (await samples)[2]
  const fs = copyOf(whole)
  const db = await openBinary(samplePath, { ...whole.options, fileSystem: fs })
  await assert.rejects(apply(fs, true), { code: 'LOCKED' })
  assert.equal((await repair(samplePath, { fileSystem: fs })).isNeeded, false)
  await db.close()
})
