import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import { fakeTable, fakeVersion } from '../../../version/testing/fake-tables.js'
import { type AdaptiveState, candidateFor, decidePolicy, initialState } from './adaptive-policy.js'
import type { AdaptiveCompaction, RunCompaction } from '../compaction-options.js'
import type { Circumstances, Mix } from './policy-costs.js'
import { resolveSetting } from '../resolve-compaction.js'
import { seeds } from '../../../base/testing/seed.js'

const MiB = 1024 * 1024
const setting = resolveSetting('adaptive') as AdaptiveCompaction
const [leveled, lazyLeveled, sizeTiered] = setting.candidates

function mixOf(given: Partial<Mix>): Mix {
  const idle = { writtenBytes: 0, gets: 0, scans: 0, scannedEntries: 0, stalledSeconds: 0 }
  return { seconds: 0.5, ...idle, ...given }
}

const writing = mixOf({ writtenBytes: 8 * MiB, stalledSeconds: 0.2 })
const scanning = mixOf({ scans: 20_000, scannedEntries: 200_000 })

function randomMix(prng: Prng): Mix {
  const upTo = (limit: number): number => (prng.chance(0.4) ? 0 : prng.below(limit))
  return mixOf({
    seconds: prng.between(1, 20) / 10,
    writtenBytes: upTo(20 * MiB),
    gets: upTo(300_000),
    scans: upTo(30_000),
    scannedEntries: upTo(1_000_000),
    stalledSeconds: prng.chance(0.3) ? prng.fraction() / 10 : 0,
  })
}

function randomCircumstances(prng: Prng): Circumstances {
  return {
    dataBytes: prng.between(1, 10_000) * MiB,
    memtableBytes: prng.pick([1, 8, 64]) * MiB,
    mergeBytesPerSecond: prng.between(10, 200) * MiB,
    threads: prng.below(4),
  }
}

/** Decides window after window. Returns each change: the window's number and the new policy. */
function follow(
  mixes: Iterable<Mix>,
  circumstances: Circumstances,
  first: RunCompaction,
  among = setting,
): { window: number; to: RunCompaction; reason: string }[] {
  const changes: { window: number; to: RunCompaction; reason: string }[] = []
  let state: AdaptiveState = initialState
  let current = first
  let window = 0
  for (const mix of mixes) {
    const decision = decidePolicy(among, current, state, mix, circumstances)
    state = decision.state
    if (decision.to !== undefined) {
      changes.push({ window, to: decision.to, reason: decision.reason })
      current = decision.to
    }
    window++
  }
  return changes
}

function repeat(count: number, mixAt: (window: number) => Mix): Mix[] {
  return Array.from({ length: count }, (_, window) => mixAt(window))
}

const small = {
  dataBytes: 100 * MiB,
  memtableBytes: MiB,
  mergeBytesPerSecond: 64 * MiB,
  threads: 1,
}

test('a constant mix is followed by two changes at most, and by none once it has settled', () => {
  for (const seed of seeds(500, 0)) {
    const prng = new Prng(seed)
    const mix = randomMix(prng)
    const circumstances = randomCircumstances(prng)
    const changes = follow(
      repeat(3000, () => mix),
      circumstances,
      prng.pick(setting.candidates),
    )
    assert.ok(changes.length <= 2, `seed ${seed}: ${changes.length} changes`)
    const policies = changes.map(({ to }) => to.policy)
    assert.equal(new Set(policies).size, policies.length, `seed ${seed}`)
  }
})

test('a mix that alternates is not followed for ever', () => {
  const windows = 2000
  for (const seed of seeds(200, 0)) {
    const prng = new Prng(seed)
    const mixes = Array.from({ length: prng.between(2, 3) }, () => randomMix(prng))
    const period = prng.between(1, 40)
    const at = (window: number): Mix => mixes[Math.floor(window / period) % mixes.length]
    const circumstances = randomCircumstances(prng)
    const changes = follow(repeat(windows, at), circumstances, prng.pick(setting.candidates))
    const late = changes.filter(({ window }) => window > windows / 2)
    const counts = `${changes.length} changes, ${late.length} of them late`
    // The required savings double with each reversal. A hundred windows undo one doubling.
    assert.ok(changes.length <= 60 && late.length <= 25, `seed ${seed}: ${counts}`)
  }
})

test('writes that pour in are answered at once, and so are the scans that follow', () => {
  const mixes = [...repeat(60, () => writing), ...repeat(60, () => scanning)]
  const changes = follow(mixes, small, leveled)
  assert.deepEqual(
    changes.map(({ to }) => to.policy),
    ['sizeTiered', 'leveled'],
  )
  assert.ok(changes[0].window < 3 && changes[1].window < 60 + 12)
  assert.match(changes[0].reason, /^17 MB written/)
})

test('point reads alone bring a small tree into few runs within seconds', () => {
  const resized = resolveSetting('adaptive', MiB / 4) as AdaptiveCompaction
  const tree = { ...small, dataBytes: 50 * MiB, memtableBytes: MiB / 4 }
  const reading = mixOf({ gets: 100_000 })
  const changes = follow(
    repeat(1000, () => reading),
    tree,
    resized.candidates[2],
    resized,
  )
  assert.deepEqual(
    changes.map(({ to }) => to.policy),
    ['leveled'],
  )
  assert.ok(changes[0].window < 12, `after ${changes[0].window} windows`)
})

test('a change that costs more needs more evidence', () => {
  const mixes = repeat(5000, () => scanning)
  const windows = [100, 1000, 10_000].map((size) => {
    const [change] = follow(mixes, { ...small, dataBytes: size * MiB }, sizeTiered)
    assert.equal(change.to.policy, 'leveled')
    return change.window
  })
  assert.ok(windows[0] < windows[1] && windows[1] < windows[2], windows.join(' '))
})

test('an idle database stays as it is', () => {
  assert.deepEqual(
    follow(
      repeat(1000, () => mixOf({})),
      small,
      sizeTiered,
    ),
    [],
  )
})

test('more writes never ask for fewer runs', () => {
  for (const seed of seeds(300, 0)) {
    const prng = new Prng(seed)
    const mix = randomMix(prng)
    const circumstances = randomCircumstances(prng)
    const settled = (writtenBytes: number): number => {
      const mixes = repeat(3000, () => ({ ...mix, writtenBytes, stalledSeconds: 0 }))
      const last = follow(mixes, circumstances, leveled).at(-1)?.to ?? leveled
      return setting.candidates.indexOf(last)
    }
    assert.ok(settled(mix.writtenBytes) <= settled(mix.writtenBytes * 4 + MiB), `seed ${seed}`)
  }
})

test('it begins with what a tree looks like', () => {
  const run = (number: number): ReturnType<typeof fakeTable> =>
    fakeTable(number, 'a', 'z', { run: number })
  const levels = (...given: ReturnType<typeof run>[][]): RunCompaction =>
    candidateFor(setting, fakeVersion(given))
  assert.equal(levels(), sizeTiered)
  assert.equal(levels([], [run(0)], [run(0)]), leveled)
  assert.equal(levels([], [run(1), run(0)], [run(0)]), lazyLeveled)
  assert.equal(levels([], [], [run(1), run(0)]), sizeTiered)
})
