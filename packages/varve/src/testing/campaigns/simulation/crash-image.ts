import { Prng } from '../../../base/prng.js'
import type { CrashFate } from '../../../fs/simulated/crash-fate.js'
import { FaultyFileSystem, type OperationKind } from '../../../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../../../fs/file-system.js'
import type { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { parseFileName } from '../../../store/file-names.js'
import { type BinaryDatabase, bytes } from '../../harness/comparison.js'
import type { Write } from '../../kit/oracle.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import { Client } from './client.js'
import type { Expectation, History } from './history.js'
import { checkpointPath, openSimulated, type SimulatedOptions, simulatedPath } from './scenario.js'

/** Fates of unsynced data. `kill` ends only the process, which loses nothing. */
export const crashKinds = ['none', 'all', 'random', 'torn', 'kill'] as const
export type CrashKind = (typeof crashKinds)[number]

/** The files after a crash, and the states that they may hold. */
export interface CrashImage {
  readonly left: MemoryFileSystem
  readonly kind: CrashKind
  readonly history: History
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
  history: History,
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

interface CheckedImage {
  /** The number of writes in the recovered state. */
  readonly found: number
  /** The image itself and the images from crashes during its recovery. */
  readonly images: number
}

/**
 * Opens a crash image and checks its state. For some images the recovery crashes too. Others are
 * then written to, compacted and verified.
 */
export async function checkImage(
  image: CrashImage,
  options: SimulatedOptions,
): Promise<CheckedImage> {
  const { atMs } = image
  const random = new Prng(image.seed)
  const newClock = (): VirtualClock => new VirtualClock(random.next(), atMs)
  let images = 1
  if (random.chance(recoveryCrashChance)) images += crashRecovery(image, options, random)
  const clock = newClock()
  const db = openSimulated(image.left, clock, options)
  const { found, history } = requireExpected(db, clock, image, image.expected, image.where)
  checkCheckpoint(image, options, random)
  if (!random.chance(exerciseChance)) return { found, images }
  // Open makes everything it recovers durable, even entries that were not durable before.
  const again = image.left.crashClone(fateOf('none', random))
  const expected = { atLeast: found, atMost: found }
  const where = `${image.where}, then power loss after the open`
  const clockAgain = newClock()
  const dbAgain = openSimulated(again, clockAgain, options)
  requireExpected(dbAgain, clockAgain, { history, underWay: [] }, expected, where)
  await db.close()
  await exercise({ ...image, history }, found, options, random)
  return { found, images: images + 1 }
}

/** A checkpoint that exists must be whole and show some earlier state. */
function checkCheckpoint(image: CrashImage, options: SimulatedOptions, random: Prng): void {
  const { left, history, where, atMs } = image
  // The client removes checkpoints after checking them, CURRENT first.
  if (!left.exists(`${checkpointPath}/CURRENT`)) return
  const clock = new VirtualClock(random.next(), atMs)
  const copy = openSimulated(left, clock, options, false, checkpointPath)
  const { acknowledged } = history
  const expected = { atLeast: 0, atMost: acknowledged }
  requireExpected(copy, clock, image, expected, `${where}, the checkpoint`)
}

function requireExpected(
  db: BinaryDatabase,
  clock: VirtualClock,
  { history, underWay }: Pick<CrashImage, 'history' | 'underWay'>,
  expected: Expectation,
  where: string,
): { readonly found: number; readonly history: History } {
  const entries = [...db.entries()]
  const nowMs = clock.wallMs()
  for (const possible of history.possible(underWay)) {
    const found = possible.find(entries, expected, nowMs)
    if (found !== undefined) return { found, history: possible }
  }
  throw new Error(`${where}: found ${history.describe(entries, expected, nowMs)}`)
}

/** Cuts power before one change during the recovery of a copy. Returns the number of crashes. */
function crashRecovery(image: CrashImage, options: SimulatedOptions, random: Prng): number {
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
    requireExpected(db, clock, image, durable, again.where)
  }
  return crashed.length
}

/** Writes, flushes, compacts and verifies, then checks for surplus files. */
export async function exercise(
  { left: fs, history, atMs }: Pick<CrashImage, 'left' | 'history' | 'atMs'>,
  found: number,
  options: SimulatedOptions,
  random: Prng,
): Promise<void> {
  const clock = new VirtualClock(random.next(), atMs)
  const client = new Client({ fs, clock, options, mayFail: () => false }, history.upTo(found))
  const put = (key: string, sync: boolean) => {
    const writes: Write[] = [{ type: 'put', key, value: bytes(`after the crash: ${key}`) }]
    return { type: 'write', writes, sync } as const
  }
  for (const key of ['', '\0', 'user:', '\xff']) await client.run(put(`${key}!`, key === '\0'))
  await client.run({ type: 'flush', wait: true })
  await client.run(put('after the flush', false))
  await client.run({ type: 'compact', range: {}, wait: true })
  client.checkAll()
  await client.close()
  client.db = openSimulated(fs, clock, options, true)
  client.checkAll()
  requireTidy(fs, client.db)
  await client.close()
}

/** Throws if the directory holds a file that the database does not need. */
function requireTidy(fs: FileSystem, db: BinaryDatabase): void {
  const tables = new Set(db.levels().flatMap((level) => level.tables.map((t) => t.fileNumber)))
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
