import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { wholeRange } from '../../key/key-range.js'
import { totalBytes } from '../../version/table-metadata.js'
import { levelCount, type Version } from '../../version/version.js'
import { FakeTree, fakeTableBytes } from '../testing/fake-tree.js'
import type { FifoCompaction, RunCompaction, RunPolicy } from './compaction-options.js'
import { compactionScores, isLevel0Urgent } from './compaction-scores.js'
import type { CompactionSpec } from './compaction-spec.js'
import { pickFifo } from './fifo-picker.js'
import { noConditions, type PickConditions } from './pick-conditions.js'
import { pickManual } from './manual-picker.js'
import { resolveRuns } from './resolve-compaction.js'
import { pickRuns } from './run-picker.js'
import { dueTables } from './table-triggers.js'
import { shapeOf } from './tree-shape.js'
import { firstSeed, seeds } from '../../base/testing/seed.js'

/** How many compactions to pick in each test: a few by default, as many as one likes by command. */
const picksWanted = Number(process.env['VARVE_PICKS'] ?? 4000)
const first = firstSeed(0)

const flushesPerTree = 250

const policies: readonly RunPolicy[] = ['leveled', 'sizeTiered', 'lazyLeveled']

/** Thresholds as small as the trees here are. */
function randomCompaction(prng: Prng, policy: RunPolicy): RunCompaction {
  const sizeRatio = prng.between(policy === 'leveled' ? 2 : 3, 6)
  const runsPerLevel = prng.chance(0.3) ? { runsPerLevel: prng.between(1, sizeRatio - 1) } : {}
  const thresholds = { sizeRatio, l0Trigger: prng.between(1, 4), maxLevels: prng.between(2, 7) }
  const compaction = resolveRuns({ policy, ...thresholds, ...runsPerLevel })
  return {
    ...compaction,
    baseBytes: prng.between(1, 4) * fakeTableBytes,
    garbageShare: prng.pick([0.1, 0.25, Infinity]),
    fruitlessReadBytes: prng.pick([1, Infinity]),
    maxTableAgeMs: prng.pick([50, Infinity]),
  }
}

/**
 * Compacts one tree as a picker demands, and checks the picker's properties.
 *
 * Property 1: a compaction lowers the score that caused it, if a score did. Property 2: it moves
 * bytes down; or leaves them and reduces the number of runs; or leaves those and reduces the number
 * of deletes; or leaves those and reduces the number of old tables. So compactions come to an end.
 * Then no score is 1 or above, and no table is due for a reason of its own. Property 3: the most
 * urgent level waits only for compactions that were running when it became the most urgent one.
 */
class Overseer {
  picks = 0
  /** What each compaction was chosen by: one that outlives its policy owes the next one nothing. */
  private readonly chosenBy = new Map<CompactionSpec, RunCompaction>()
  private waiting: { level: number; running: Set<CompactionSpec> } | undefined
  private readonly fruitlessReads = new Map<number, number>()

  constructor(
    readonly tree: FakeTree,
    private compaction: RunCompaction,
  ) {}

  switchTo(compaction: RunCompaction): void {
    this.compaction = compaction
    this.waiting = undefined
  }

  /** Reads search tables at random and find nothing. */
  noteFruitlessReads(prng: Prng): void {
    const tables = this.tree.version.levels.flat()
    this.fruitlessReads.set(prng.pick(tables).fileNumber, 200)
  }

  /** Starts the next compaction; false when there is none. */
  startNext(): boolean {
    const { tree, compaction } = this
    const spec = pickRuns(tree.version, compaction, this.conditions())
    this.checkTurn(spec)
    if (spec === undefined) return false
    this.picks++
    this.chosenBy.set(spec, compaction)
    tree.start(spec)
    return true
  }

  finishOne(): void {
    const { tree, compaction } = this
    const shape = shapeOf(tree.version, compaction)
    const scores = (): number[] => compactionScores(tree.version, compaction, new Set(), shape)
    const before = scores()
    const versionBefore = tree.version
    const spec = tree.finishOne()
    const oldBeforeMs = tree.nowMs - this.chosenBy.get(spec)!.maxTableAgeMs
    const height = heightOf(tree.version, oldBeforeMs)
    assert.ok(isLower(height, heightOf(versionBefore, oldBeforeMs)), spec.reason)
    this.waiting?.running.delete(spec)
    if (this.chosenBy.get(spec) !== compaction) return
    if (!isCausedByScore(spec)) return
    const source = spec.inputs[0].level
    assert.ok(scores()[source] < before[source], `${spec.reason} does not lower it`)
  }

  settle(): void {
    const { tree, compaction } = this
    while (tree.running.length > 0) this.finishOne()
    while (this.startNext()) this.finishOne()
    const { version } = tree
    assert.ok(compactionScores(version, compaction).every((score) => score < 1))
    const shape = shapeOf(version, compaction)
    assert.deepEqual(dueTables(version, compaction, shape, this.conditions()), [])
  }

  private conditions(): PickConditions {
    const { busy, running, nowMs, snapshot } = this.tree
    const snapshots = snapshot === Infinity ? [] : [snapshot]
    const { fruitlessReads } = this
    const tableBytes = fakeTableBytes
    return { ...noConditions, busy, running, nowMs, snapshots, fruitlessReads, tableBytes }
  }

  private checkTurn(spec: CompactionSpec | undefined): void {
    const { tree, compaction } = this
    const scores = compactionScores(tree.version, compaction, tree.busy)
    const isLevel0First = isLevel0Urgent(tree.version, compaction)
    const level = isLevel0First ? 0 : scores.indexOf(Math.max(...scores))
    // Level 0 goes down whole: while it does, what was flushed meanwhile is not passed over.
    const isGoing = level === 0 && tree.running.some(({ inputs }) => inputs[0].level === 0)
    const hasTurn = spec !== undefined && (!isCausedByScore(spec) || spec.inputs[0].level === level)
    if (hasTurn || isGoing) {
      this.waiting = undefined
    } else if (scores[level] >= 1) {
      if (this.waiting?.level !== level) this.waiting = { level, running: new Set(tree.running) }
      assert.ok(this.waiting.running.size > 0, `level ${level} is passed over`)
    }
  }
}

/**
 * The measures that compactions reduce, most important first: bytes times levels below them, runs,
 * deletes, and tables written before `oldBeforeMs`.
 */
function heightOf({ levels, runs }: Version, oldBeforeMs: number): number[] {
  const tables = levels.flat()
  const lifts = levels.map((level, number) => totalBytes(level) * (levelCount - number))
  const deletes = tables.map(({ deleteCount }) => deleteCount)
  const old = tables.filter(({ writtenAtMs }) => writtenAtMs < oldBeforeMs)
  return [sum(lifts), runs.length, sum(deletes), old.length]
}

function isLower(height: readonly number[], than: readonly number[]): boolean {
  const first = height.findIndex((part, i) => part !== than[i])
  return first >= 0 && height[first] < than[first]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function isCausedByScore({ reason }: CompactionSpec): boolean {
  return reason.endsWith('of its limit')
}

for (const policy of policies) {
  test(`${policy}: every run stays disjoint, every key right, every score comes down`, () => {
    simulate((prng) => randomCompaction(prng, policy))
  })
}

test('a tree takes on the shape of whatever policy it is given', () => {
  simulate((prng) => randomCompaction(prng, prng.pick(policies)), 40)
})

test('fifo keeps what it may, and brings no older version to light', () => {
  for (const seed of seeds(10, 0)) {
    const prng = new Prng(seed)
    const tree = new FakeTree(prng)
    const before = new Overseer(tree, randomCompaction(prng, prng.pick(policies)))
    for (let i = 0; i < 60; i++) {
      tree.flush()
      compactSome(before, prng, 2)
    }
    const fifo: FifoCompaction = { policy: 'fifo', maxBytes: 1000, maxAgeMs: Infinity }
    for (let i = 0; i < 60; i++) {
      tree.flush()
      const spec = pickFifo(tree.version, fifo, { busy: tree.busy, nowMs: 0 })
      if (spec !== undefined) tree.start(spec)
      while (tree.running.length > 0 && prng.chance(0.7)) tree.finishOne()
      tree.check(true)
    }
    while (tree.running.length > 0) tree.finishOne()
    const bytes = totalBytes(tree.version.levels.flat())
    const oldest = tree.version.levels[0].at(-1)!
    assert.ok(bytes <= fifo.maxBytes + fakeTableBytes * 2 && tree.version.runs.length === 0)
    assert.ok(bytes + oldest.sizeBytes > fifo.maxBytes / 2, 'more was dropped than had to be')
  }
})

test('compact() makes one run without a delete of whatever shape', () => {
  for (const seed of seeds(30, 0)) {
    const prng = new Prng(seed)
    const tree = new FakeTree(prng)
    const overseer = new Overseer(tree, randomCompaction(prng, prng.pick(policies)))
    for (let i = prng.between(1, 60); i > 0; i--) {
      tree.flush()
      compactSome(overseer, prng, 1)
    }
    while (tree.running.length > 0) overseer.finishOne()
    compactAll(tree)
    tree.check()
  }
})

/** Flushes and compacts tree after tree, with one to three compactions at once. */
function simulate(newCompaction: (prng: Prng) => RunCompaction, flushesPerSwitch = Infinity): void {
  let picks = 0
  for (let seed = first; picks < picksWanted; seed++) {
    const prng = new Prng(seed)
    const tree = new FakeTree(prng)
    const overseer = new Overseer(tree, newCompaction(prng))
    const maxRunning = 1 + (seed % 3)
    try {
      for (let i = 0; i < flushesPerTree; i++) {
        tree.flush()
        if (prng.chance(0.1)) overseer.noteFruitlessReads(prng)
        if (prng.chance(0.1)) tree.snapshot = prng.chance(0.5) ? tree.lastSequence : Infinity
        compactSome(overseer, prng, maxRunning)
        if (i % 20 === 0) tree.check()
        if (i % flushesPerSwitch === flushesPerSwitch - 1) overseer.switchTo(newCompaction(prng))
      }
      overseer.settle()
      tree.check()
    } catch (error) {
      throw new Error(`failed with VARVE_SEED=${seed}`, { cause: error })
    }
    picks += overseer.picks
  }
}

/** Starts what can run and finishes some of it, so that compactions overlap with flushes. */
function compactSome(overseer: Overseer, prng: Prng, maxRunning: number): void {
  const { running } = overseer.tree
  while (running.length < maxRunning && overseer.startNext());
  while (running.length > 0 && prng.chance(0.7)) overseer.finishOne()
}

/** Like `compact()` does: afterwards one run holds everything, without a delete. */
function compactAll(tree: FakeTree): void {
  for (let level = 0; level <= Math.max(1, tree.version.deepestLevel()); level++) {
    const spec = pickManual(tree.version, wholeRange, level, 6, tree.busy)
    assert.notEqual(spec, 'busy')
    if (spec === undefined || spec === 'busy') continue
    tree.start(spec)
    tree.finishOne()
  }
  const { version } = tree
  assert.ok(version.runs.length <= 1 && version.levels[0].length === 0)
  assert.ok(version.levels.flat().every((table) => table.deleteCount === 0))
}
