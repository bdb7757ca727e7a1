import type { Version } from '../../version/version.js'
import type { AdaptiveCompaction, RunCompaction } from './compaction-options.js'
import { changeSeconds, type Circumstances, costOf, type Mix } from './policy-costs.js'

/** What is remembered from one decision to the next. */
export interface AdaptiveState {
  /** For each candidate: the seconds of work that it would have saved by now. */
  readonly regrets: readonly number[]
  /** How often the way was turned back lately: each time doubles what the next change has to save. */
  readonly caution: number
  readonly windowsSinceChange: number
  /** Of the last change: towards more runs (1) or fewer (−1); 0 before the first one. */
  readonly direction: number
}

export const initialState: AdaptiveState = {
  regrets: [],
  caution: 0,
  windowsSinceChange: 0,
  direction: 0,
}

export interface AdaptiveDecision {
  readonly state: AdaptiveState
  /** Undefined: the policy stays. */
  readonly to: RunCompaction | undefined
  /** For people. */
  readonly reason: string
}

/** What a change has to save beside its own costs, so that noise makes none. */
const leastSavedSeconds = 0.1
const maxCaution = 16
/** After so many windows without a change, caution fades by one. */
const windowsPerFading = 100

/**
 * Whether another policy would be better, after one more window of the mix. Pure.
 *
 * What each candidate would have saved is summed up, window by window, and begins again at nothing when it
 * would have cost more; a candidate takes over once it would have saved what the change costs. So the
 * price of a wrong guess is never more than about twice that of knowing: who hires skis until the hire has
 * cost what a pair costs and then buys them does as well (Karlin, Manasse, Rudolph and Sleator, "Competitive
 * snoopy caching", 1988). A large tree, which is costly to rewrite, asks for more evidence than a small one.
 *
 * A mix that keeps changing would make it follow for ever: a change towards fewer runs after one towards
 * more, or the other way round, doubles what the next one has to save.
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
  const regrets = costs.map((cost, i) => {
    const saved = (now - cost) * mix.seconds
    const counted = now - cost > margin * now ? saved : Math.min(0, saved)
    return i === present ? 0 : Math.max(0, (state.regrets[i] ?? 0) + counted)
  })
  const isWorth = (to: number): boolean => {
    const saved = leastSavedSeconds + changeSeconds(current, candidates[to], circumstances)
    return to !== present && regrets[to] >= saved * 2 ** state.caution
  }
  const worthy = [...candidates.keys()].filter(isWorth).sort((a, b) => costs[a] - costs[b])
  const reason = describe(mix, now, costs[worthy[0] ?? present])
  if (worthy.length > 0) {
    return { state: changed(state, present, worthy[0]), to: candidates[worthy[0]], reason }
  }
  return { state: unchanged(state, regrets), to: undefined, reason }
}

function changed(state: AdaptiveState, from: number, to: number): AdaptiveState {
  // Candidates stand in the order of their runs.
  const direction = Math.sign(to - from)
  const isBack = direction === -state.direction
  const caution = Math.min(maxCaution, state.caution + (isBack ? 1 : 0))
  return { regrets: [], caution, windowsSinceChange: 0, direction }
}

function unchanged(state: AdaptiveState, regrets: readonly number[]): AdaptiveState {
  const windowsSinceChange = state.windowsSinceChange + 1
  const fades = windowsSinceChange % windowsPerFading === 0
  const caution = Math.max(0, state.caution - (fades ? 1 : 0))
  return { ...state, regrets, caution, windowsSinceChange }
}

function describe(mix: Mix, now: number, then: number): string {
  const perSecond = (count: number): string => rounded(count / mix.seconds)
  const stalled = (100 * mix.stalledSeconds) / mix.seconds
  return (
    `${perSecond(mix.writtenBytes / 1e6)} MB written, ${perSecond(mix.gets)} gets and ` +
    `${perSecond(mix.scans)} scans of ${perSecond(mix.scannedEntries)} entries a second, writes held back ` +
    `${rounded(stalled)} % of the time: ${rounded(then)} instead of ${rounded(now)} seconds of work a second`
  )
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2)
}

/**
 * The candidate that a tree looks like, so that an open database does not begin with rewriting itself. An
 * empty tree is about to be filled.
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
