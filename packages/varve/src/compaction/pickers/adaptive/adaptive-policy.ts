import type { Version } from '../../../version/version.js'
import type { AdaptiveCompaction, RunCompaction } from '../compaction-options.js'
import { changeSeconds, type Circumstances, costOf, type Mix } from './policy-costs.js'

/** The state between decisions. */
export interface AdaptiveState {
  /** For each candidate, the seconds of work that it would have saved so far. */
  readonly savings: readonly number[]
  /**
   * How often the policy was reversed recently. Each reversal doubles the savings that a change
   * requires.
   */
  readonly reversals: number
  readonly windowsSinceChange: number
  /**
   * Direction of the last change: towards more runs (1) or fewer (−1); 0 before the first change.
   */
  readonly direction: number
}

export const initialState: AdaptiveState = {
  savings: [],
  reversals: 0,
  windowsSinceChange: 0,
  direction: 0,
}

interface AdaptiveDecision {
  readonly state: AdaptiveState
  /** Undefined if the policy stays. */
  readonly to: RunCompaction | undefined
  /** A text for users. */
  readonly reason: string
}

/**
 * The least that a change must save in addition to its own cost, so that noise does not cause
 * changes.
 */
const leastSavedSeconds = 0.1
const maxReversals = 16
/** After this many windows without a change, `reversals` decreases by one. */
const windowsPerFading = 100

/**
 * Whether another policy would be better, after one more window of the mix. Pure.
 *
 * Adds up, window by window, what each candidate would have saved. A sum restarts at 0 when it
 * would become negative. A candidate takes over when it would have saved the cost of the change. A
 * wrong guess then costs at most about twice as much as knowing the future: this is the ski rental
 * problem (Karlin, Manasse, Rudolph and Sleator, "Competitive snoopy caching", 1988). A large tree
 * costs more to rewrite, so it needs more evidence than a small one.
 *
 * If the mix keeps changing, the policy would change all the time. Therefore, each change that
 * reverses the direction of the previous one doubles what the next one must save.
 */
export function decidePolicy(
  { candidates, margin }: AdaptiveCompaction,
  current: RunCompaction,
  state: AdaptiveState,
  mix: Mix,
  circumstances: Circumstances,
): AdaptiveDecision {
  const costs = candidates.map((one) => costOf(one, mix, circumstances, current))
  const present = candidates.indexOf(current)
  const now = costs[present]
  const savings = costs.map((cost, i) => {
    const saved = (now - cost) * mix.seconds
    const counted = now - cost > margin * now ? saved : Math.min(0, saved)
    return i === present ? 0 : Math.max(0, (state.savings[i] ?? 0) + counted)
  })
  const isWorth = (to: number): boolean => {
    const saved = leastSavedSeconds + changeSeconds(current, candidates[to], circumstances)
    return to !== present && savings[to] >= saved * 2 ** state.reversals
  }
  const worthy = [...candidates.keys()].filter(isWorth).sort((a, b) => costs[a] - costs[b])
  const reason = describe(mix, now, costs[worthy[0] ?? present])
  if (worthy.length > 0) {
    return { state: changed(state, present, worthy[0]), to: candidates[worthy[0]], reason }
  }
  return { state: unchanged(state, savings), to: undefined, reason }
}

function changed(state: AdaptiveState, from: number, to: number): AdaptiveState {
  // Candidates are ordered by their number of runs.
  const direction = Math.sign(to - from)
  const isBack = direction === -state.direction
  const reversals = Math.min(maxReversals, state.reversals + (isBack ? 1 : 0))
  return { savings: [], reversals, windowsSinceChange: 0, direction }
}

function unchanged(state: AdaptiveState, savings: readonly number[]): AdaptiveState {
  const windowsSinceChange = state.windowsSinceChange + 1
  const fades = windowsSinceChange % windowsPerFading === 0
  const reversals = Math.max(0, state.reversals - (fades ? 1 : 0))
  return { ...state, savings, reversals, windowsSinceChange }
}

function describe(mix: Mix, now: number, then: number): string {
  const perSecond = (count: number): string => rounded(count / mix.seconds)
  const stalled = (100 * mix.stalledSeconds) / mix.seconds
  return (
    `${perSecond(mix.writtenBytes / 1e6)} MB written, ${perSecond(mix.gets)} gets and ` +
    `${perSecond(mix.scans)} scans of ${perSecond(mix.scannedEntries)} entries a second, ` +
    `writes held back ${rounded(stalled)} % of the time: ` +
    `${rounded(then)} instead of ${rounded(now)} seconds of work a second`
  )
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2)
}

/**
 * The candidate that resembles the tree, so that opening a database does not cause a rewrite. An
 * empty tree is expected to be filled soon.
 */
export function candidateFor({ candidates }: AdaptiveCompaction, version: Version): RunCompaction {
  const leveled = candidates.find(({ policy }) => policy === 'leveled')!
  const lazyLeveled = candidates.find(({ policy }) => policy === 'lazyLeveled')!
  const sizeTiered = candidates.find(({ policy }) => policy === 'sizeTiered')!
  const last = version.runs.at(-1)
  if (last === undefined || version.runsOf(last.level).length > 1) return sizeTiered
  const hasRuns = version.runs.some(({ level }) => version.runsOf(level).length > 1)
  return hasRuns ? lazyLeveled : leveled
}
