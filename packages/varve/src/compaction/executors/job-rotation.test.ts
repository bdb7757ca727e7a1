import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { JobRotation, maxFlushTurns, type RotatingJob } from './job-rotation.js'
import { seeds } from '../../base/testing/seed.js'

class Job implements RotatingJob {
  debtMs = 0

  constructor(
    readonly databaseId: number,
    readonly isFlush = false,
    readonly isOfLevel0 = false,
  ) {}

  owedMs(): number {
    return this.debtMs
  }
}

const merge = (databaseId: number): Job => new Job(databaseId)
const flush = (databaseId: number): Job => new Job(databaseId, true)

function rotationOf(...jobs: Job[]): JobRotation<Job> {
  const rotation = new JobRotation<Job>()
  for (const job of jobs) rotation.add(job)
  return rotation
}

function turns(rotation: JobRotation<Job>, count: number): number[] {
  return Array.from({ length: count }, () => rotation.next()!.databaseId)
}

test('databases take turns, whatever number of jobs each has', () => {
  const rotation = rotationOf(merge(1), merge(1), merge(1), merge(2), merge(3))
  assert.deepEqual(turns(rotation, 6), [1, 2, 3, 1, 2, 3])
})

test('the jobs of a database run one after another', () => {
  const [first, second] = [merge(1), merge(1)]
  const rotation = rotationOf(first, second)
  assert.equal(rotation.next(), first)
  assert.equal(rotation.next(), first)
  rotation.remove(first)
  assert.equal(rotation.next(), second)
})

test('a merge of level 0 and the older merges of its database take turns', () => {
  const [first, second] = [merge(1), merge(1)]
  const level0 = new Job(1, false, true)
  const rotation = rotationOf(first, second)
  assert.equal(rotation.next(), first)
  rotation.add(level0)
  assert.deepEqual([rotation.next(), rotation.next()], [level0, first])
  assert.deepEqual([rotation.next(), rotation.next()], [level0, first])
  level0.debtMs = 1
  assert.deepEqual([rotation.next(), rotation.next()], [first, first])
  rotation.remove(first)
  assert.equal(rotation.next(), second)
})

test('a flush goes before the merges of its database, for as long as it takes', () => {
  const [late, early] = [flush(1), merge(1)]
  const rotation = rotationOf(early, late)
  for (let i = 0; i < 3 * maxFlushTurns; i++) assert.equal(rotation.next(), late)
})

test('a flush leaves a turn now and then to the merges of other databases', () => {
  const rotation = rotationOf(merge(1), flush(2))
  const flushes = new Array<number>(maxFlushTurns).fill(2)
  assert.deepEqual(turns(rotation, 2 * maxFlushTurns + 2), [...flushes, 1, ...flushes, 1])
})

test('a database that comes again and again with short jobs waits for its turn', () => {
  const long = merge(1)
  const rotation = rotationOf(long)
  assert.equal(rotation.next(), long)
  for (let i = 0; i < 5; i++) {
    const short = merge(2)
    rotation.add(short)
    assert.equal(rotation.next(), long)
    assert.equal(rotation.next(), short)
    rotation.remove(short)
  }
})

test('a job that its rate limit holds back takes no turn', () => {
  const [limited, free] = [merge(1), merge(2)]
  const rotation = rotationOf(limited, free)
  limited.debtMs = 5
  assert.deepEqual(turns(rotation, 3), [2, 2, 2])
  free.debtMs = 7
  assert.equal(rotation.next(), undefined)
  assert.equal(rotation.pauseMs(), 5)
  limited.debtMs = 0
  assert.equal(rotation.next(), limited)
})

for (const seed of seeds(20)) {
  test(`no database starves (seed ${seed})`, () => {
    const prng = new Prng(seed)
    const databases = 2 + prng.below(10)
    // One merge of a database that must get on, whatever the others come with.
    const patient = merge(0)
    const rotation = rotationOf(patient)
    let sinceTurn = 0
    for (let i = 0; i < 2000; i++) {
      while (rotation.size < 30 && prng.below(3) > 0) {
        rotation.add(new Job(1 + prng.below(databases), prng.below(2) === 0))
      }
      const job = rotation.next()!
      sinceTurn = job === patient ? 0 : sinceTurn + 1
      const bound = (maxFlushTurns + 1) * (databases + 1)
      assert.ok(sinceTurn <= bound, `seed ${seed}: no turn for ${sinceTurn} turns`)
      if (job !== patient && prng.below(4) === 0) rotation.remove(job)
    }
  })
}
