import { Prng } from '../../../base/prng.js'
import type { CrashFate } from '../../../fs/simulated/crash-fate.js'
import { FaultyFileSystem, type OperationKind } from '../../../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../../../fs/file-system.js'
import type { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { parseFileName } from '../../../store/file-names.js'
import { type BinaryDatabase, bytes } from '../../harness/comparison.js'
import { Stores } from '../../harness/stores.js'
import type { Write } from '../../kit/oracle.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import { Client } from './client.js'
import type { Expectation, History } from './history.js'
import type { KeyspaceLedger } from './keyspace-ledger.js'
import { namedEntries } from './named-entries.js'
import { checkpointPath, openSimulated, type Scenario, simulatedPath } from './scenario.js'

/** How a client opens its database. */
type Opening = Pick<Scenario, 'options' | 'keyspaces'>

/** Fates of unsynced data. `kill` ends only the process, which loses nothing. */
export const crashKinds = ['none', 'all', 'random', 'torn', 'kill'] as const
export type CrashKind = (typeof crashKinds)[number]

/** The files after a crash, and the states that they may hold. */
export interface CrashImage {
  readonly left: MemoryFileSystem
  readonly kind: CrashKind
  readonly history: History
  readonly ledger: KeyspaceLedger
  /** Numbers of the pending writes. */
  readonly underWay: readonly number[]
  readonly expected: Expectation
  /** The states allowed if power fails before the image is recovered. */
  readonly durable: Expectation
  /** Draws all further events of this image. */
  readonly seed: number
  readonly where: string
  /** The clock at the crash. The clock of the next open continues from here. */
  readonly atMs: number
}

export function takeImage(
  fs: MemoryFileSystem,
  kind: CrashKind,
  { history, ledger }: Pick<Client, 'history' | 'ledger'>,
  seed: number,
  where: string,
  atMs: number,
): CrashImage {
  const isKill = kind === 'kill'
  const durable = history.afterPowerLoss()
  const expected = isKill ? history.afterKill() : durable
  const left = isKill ? fs.processCrashClone() : fs.crashClone(fateOf(kind, new Prng(seed)))
  const { underWay } = history
  return {
    left,
    kind,
    history,
    ledger: ledger.clone(),
    underWay,
    expected,
    durable,
    seed,
    where: `${kind} at ${where}`,
    atMs,
  }
}

export function fateOf(unsynced: CrashFate['unsynced'], prng: Prng): CrashFate {
  return { unsynced, prng, sectorBytes: prng.pick([512, 4096]) }
}

/** Operations that change the disk. A crash is taken before each of them. */
const changing: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'append',
  'create',
  'link',
  'makeDirectory',
  'remove',
  'removeDirectory',
  'rename',
  'reserve',
  'rewrite',
  'sync',
  'syncDirectory',
  'truncate',
])

export function isChange(kind: OperationKind): boolean {
  return changing.has(kind)
}

const recoveryCrashChance = 1 / 6
const exerciseChance = 1 / 24

export interface CheckedImage {
  /** The number of writes in the recovered state. */
  readonly found: number
  /** The history that explains it. */
  readonly history: History
  /** The image itself and the images from crashes during its recovery. */
  readonly images: number
}

/**
 * Opens a crash image and checks its state. For some images the recovery crashes too. Others are
 * then written to, compacted and verified.
 */
export async function checkImage(image: CrashImage, opening: Opening): Promise<CheckedImage> {
  const { options, keyspaces } = opening
  const { atMs } = image
  const random = new Prng(image.seed)
  const newClock = (): VirtualClock => new VirtualClock(random.next(), atMs)
  let images = 1
  if (random.chance(recoveryCrashChance)) images += await crashRecovery(image, opening, random)
  const clock = newClock()
  const db = openSimulated(image.left, clock, options)
  const { expected, where } = image
  const { found, history } = await requireExpected(db, keyspaces, clock, image, expected, where)
  await checkCheckpoint(image, opening, random)
  if (!random.chance(exerciseChance)) return { found, history, images }
  // Open makes everything it recovers durable, even entries that were not durable before.
  const again = image.left.crashClone(fateOf('none', random))
  const same = { atLeast: found, atMost: found }
  const whereAgain = `${where}, then power loss after the open`
  const clockAgain = newClock()
  const dbAgain = openSimulated(again, clockAgain, options)
  const known = { ...image, history, underWay: [] }
  await requireExpected(dbAgain, keyspaces, clockAgain, known, same, whereAgain)
  await db.close()
  await exercise({ ...image, history }, found, opening, random)
  return { found, history, images: images + 1 }
}

/** A checkpoint that exists must be whole and show some earlier state. */
async function checkCheckpoint(
  image: CrashImage,
  { options, keyspaces }: Opening,
  random: Prng,
): Promise<void> {
  const { left, history, where, atMs } = image
  // The client removes checkpoints after checking them, CURRENT first.
  if (!left.exists(`${checkpointPath}/CURRENT`)) return
  const clock = new VirtualClock(random.next(), atMs)
  const copy = openSimulated(left, clock, options, false, checkpointPath)
  const { acknowledged } = history
  const expected = { atLeast: 0, atMost: acknowledged }
  const known = { history, underWay: image.underWay }
  await requireExpected(copy, keyspaces, clock, known, expected, `${where}, the checkpoint`)
}

async function requireExpected(
  db: BinaryDatabase,
  keyspaces: Opening['keyspaces'],
  clock: VirtualClock,
  known: Pick<CrashImage, 'history' | 'underWay'> & Partial<Pick<CrashImage, 'ledger'>>,
  expected: Expectation,
  where: string,
): Promise<{ readonly found: number; readonly history: History }> {
  const { history, underWay, ledger } = known
  const entries = await namedEntries(db, keyspaces)
  ledger?.check(db.keyspaces().map(({ name }) => name))
  const nowMs = clock.wallMs()
  for (const possible of history.possible(underWay)) {
    const found = possible.find(entries, expected, nowMs)
    if (found !== undefined) return { found, history: possible }
  }
  throw new Error(`${where}: found ${history.describe(entries, expected, nowMs)}`)
}

/** Cuts power before one change during the recovery of a copy. Returns the number of crashes. */
async function crashRecovery(
  image: CrashImage,
  { options, keyspaces }: Opening,
  random: Prng,
): Promise<number> {
  const { left, durable, where, atMs } = image
  const fs = left.processCrashClone()
  const crashed: { fs: MemoryFileSystem; where: string }[] = []
  let changes = 0
  const faulty = new FaultyFileSystem(fs, ({ kind, path }) => {
    // Reservoir sampling: every change is chosen with the same probability.
    if (!isChange(kind) || !random.chance(1 / ++changes)) return undefined
    const unsynced = random.pick(['none', 'all', 'random', 'torn'] as const)
    const again = `${where}, then power loss (${unsynced}) at ${kind} ${path} during the open`
    crashed[0] = { fs: fs.crashClone(fateOf(unsynced, random)), where: again }
    return undefined
  })
  openSimulated(faulty, new VirtualClock(random.next(), atMs), options)
  for (const again of crashed) {
    const clock = new VirtualClock(random.next(), atMs)
    const db = openSimulated(again.fs, clock, options)
    await requireExpected(db, keyspaces, clock, image, durable, again.where)
  }
  return crashed.length
}

/** Writes, flushes, compacts and verifies, then checks for surplus files. */
export async function exercise(
  { left: fs, history, ledger, atMs }: Pick<CrashImage, 'left' | 'history' | 'ledger' | 'atMs'>,
  found: number,
  { options, keyspaces }: Opening,
  random: Prng,
): Promise<void> {
  const clock = new VirtualClock(random.next(), atMs)
  const setting = { fs, clock, options, keyspaces, mayFail: () => false }
  const client = new Client(setting, history.upTo(found), ledger.clone())
  const put = (key: string, sync: boolean) => {
    const value = bytes(`after the crash: ${key}`)
    const writes: Write[] = [{ type: 'put', key, value }]
    for (const [i, { ttlMs }] of keyspaces.entries()) {
      const ttl = ttlMs === undefined ? {} : { ttlMs, hasDefaultTtl: true }
      writes.push({ type: 'put', key, value, keyspace: i + 1, ...ttl })
    }
    return { type: 'write', writes, sync } as const
  }
  for (const key of ['', '\0', 'user:', '\xff']) await client.run(put(`${key}!`, key === '\0'))
  await client.run({ type: 'flush', wait: true })
  await client.run(put('after the flush', false))
  await client.run({ type: 'compact', range: {}, wait: true })
  await client.checkAll()
  await client.close()
  const db = openSimulated(fs, clock, options, true)
  client.use(db)
  await client.checkAll()
  await requireTidy(fs, db, keyspaces)
  await client.close()
}

/** Throws if the directory holds a file that the database does not need. */
async function requireTidy(
  fs: FileSystem,
  db: BinaryDatabase,
  keyspaces: Opening['keyspaces'],
): Promise<void> {
  const stores = new Stores(db, keyspaces)
  await stores.open(stores.all)
  const levels = stores.all.flatMap((keyspace) => stores.of(keyspace).levels())
  const tables = new Set(levels.flatMap((level) => level.tables.map((t) => t.fileNumber)))
  const names = fs.list(simulatedPath)
  const kinds = names.map((name) => parseFileName(name))
  const surplus = names.filter((name, i) => {
    const file = kinds[i]
    if (file === undefined) return name !== 'LOCK'
    return file.kind === 'temporary' || (file.kind === 'table' && !tables.has(file.number))
  })
  if (kinds.filter((file) => file?.kind === 'manifest').length > 1) surplus.push('MANIFESTs')
  if (surplus.length > 0)
    throw new Error(`surplus files: ${surplus.join(', ')} of ${names.join(', ')}`)
}
