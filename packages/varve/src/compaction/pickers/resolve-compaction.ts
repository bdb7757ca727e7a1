import { invalidArgument } from '../../base/errors.js'
import { unknownNameMessage } from '../../base/unknown-name.js'
import { levelCount } from '../../version/version.js'
import type {
  AdaptiveCompaction,
  AdaptiveCompactionOptions,
  Compaction,
  CompactionOptions,
  CompactionPolicy,
  CompactionSetting,
  FifoCompaction,
  FixedCompactionOptions,
  RunCompaction,
  RunPolicy,
} from './compaction-options.js'

/** From the fewest runs to the most. */
const runPolicies: readonly RunPolicy[] = ['leveled', 'lazyLeveled', 'sizeTiered']
const policies: readonly CompactionPolicy[] = [...runPolicies, 'fifo', 'adaptive']
const sizeRatios: Record<RunPolicy, number> = { leveled: 10, sizeTiered: 4, lazyLeveled: 4 }

const MiB = 1024 * 1024
const GiB = 1024 * MiB
const defaultMemtableBytes = 64 * MiB
const minBaseBytes = MiB / 256
const maxBytes = 2 ** 50
const maxL0Tables = 1000
const minAgeMs = 1000
const minTableAgeMs = 60_000
const minFruitlessReadBytes = 64

/**
 * Fills in defaults. Throws INVALID_ARGUMENT with the name of the threshold and its allowed values.
 */
export function resolveSetting(
  given: CompactionPolicy | CompactionOptions = 'leveled',
  memtableBytes = defaultMemtableBytes,
): CompactionSetting {
  const isNamed = typeof given !== 'object' || given === null
  const options = isNamed ? ({ policy: given } as CompactionOptions) : given
  requirePolicy(options.policy, isNamed ? 'compaction' : 'compaction.policy')
  if (options.policy === 'adaptive') return resolveAdaptive(options, memtableBytes)
  return options.policy === 'fifo' ? resolveFifo(options) : resolveRuns(options, memtableBytes)
}

/** The same for a policy that merges runs. */
export function resolveRuns(
  options: Extract<FixedCompactionOptions, { policy: RunPolicy }>,
  memtableBytes = defaultMemtableBytes,
): RunCompaction {
  const resolved = complete(options, runDefaults(options, memtableBytes))
  const { sizeRatio, runsPerLevel, l0Trigger, l0Slowdown, debtSlowdownBytes } = resolved
  requireInteger(resolved, 'sizeRatio', 2, 100)
  requireInteger(resolved, 'runsPerLevel', 1, [sizeRatio - 1, 'sizeRatio − 1'])
  requireInteger(resolved, 'runsInLastLevel', 1, [runsPerLevel, 'runsPerLevel'])
  requireInteger(resolved, 'l0Trigger', 1, maxL0Tables)
  requireInteger(resolved, 'l0Slowdown', [l0Trigger, 'l0Trigger'], maxL0Tables)
  requireInteger(resolved, 'l0Stop', [l0Slowdown, 'l0Slowdown'], maxL0Tables)
  requireInteger(resolved, 'debtSlowdownBytes', MiB, maxBytes)
  requireInteger(resolved, 'debtStopBytes', [debtSlowdownBytes, 'debtSlowdownBytes'], maxBytes)
  requireInteger(resolved, 'baseBytes', minBaseBytes, maxBytes)
  requireInteger(resolved, 'maxLevels', 2, levelCount)
  requireShare(resolved)
  requireIntegerOrNever(resolved, 'fruitlessReadBytes', minFruitlessReadBytes)
  requireIntegerOrNever(resolved, 'maxTableAgeMs', minTableAgeMs)
  return resolved
}

function runDefaults(
  options: Extract<FixedCompactionOptions, { policy: RunPolicy }>,
  memtableBytes: number,
): RunCompaction {
  const { policy, sizeRatio = sizeRatios[policy], l0Trigger = 4 } = options
  const { runsPerLevel = policy === 'leveled' ? 1 : sizeRatio - 1 } = options
  const { l0Slowdown = Math.max(8, 2 * l0Trigger), debtSlowdownBytes = 16 * GiB } = options
  return {
    policy,
    sizeRatio,
    runsPerLevel,
    runsInLastLevel: policy === 'sizeTiered' ? runsPerLevel : 1,
    l0Trigger,
    l0Slowdown,
    l0Stop: Math.ceil(1.5 * l0Slowdown),
    debtSlowdownBytes,
    debtStopBytes: Math.min(4 * debtSlowdownBytes, maxBytes),
    baseBytes: Math.max(minBaseBytes, l0Trigger * memtableBytes),
    maxLevels: levelCount,
    garbageShare: 0.25,
    fruitlessReadBytes: 1024,
    maxTableAgeMs: Infinity,
  }
}

function resolveFifo(options: Extract<FixedCompactionOptions, { policy: 'fifo' }>): FifoCompaction {
  const defaults: FifoCompaction = { policy: 'fifo', maxBytes: GiB, maxAgeMs: Infinity }
  const resolved = complete(options, defaults)
  requireInteger(resolved, 'maxBytes', minBaseBytes, maxBytes)
  requireIntegerOrNever(resolved, 'maxAgeMs', minAgeMs)
  return resolved
}

function resolveAdaptive(
  options: AdaptiveCompactionOptions,
  memtableBytes: number,
): AdaptiveCompaction {
  const { policy, windowMs = 500, margin = 0.1, ...shared } = options
  const ofRuns = Object.keys(runDefaults({ policy: 'leveled' }, memtableBytes))
  const ofAll = ofRuns.filter((name) => name !== 'runsPerLevel' && name !== 'runsInLastLevel')
  requireKnown(options, [...ofAll, 'windowMs', 'margin'])
  requireNumber('windowMs', windowMs, 10, 3_600_000)
  requireNumber('margin', margin, 0, 0.9)
  const candidates = runPolicies.map((name) =>
    resolveRuns({ ...shared, policy: name }, memtableBytes),
  )
  return { policy, windowMs, margin, candidates }
}

/** Overrides the defaults with the thresholds that were passed. */
function complete<T extends Compaction>(options: FixedCompactionOptions, defaults: T): T {
  requireKnown(options, Object.keys(defaults))
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) }
}

function requirePolicy(policy: unknown, path: string): void {
  if (policies.includes(policy as CompactionPolicy)) return
  throw invalidArgument(`${path} must be '${policies.join("', '")}', not ${String(policy)}`, path)
}

function requireKnown(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const message = unknownNameMessage(name, known, "property of option 'compaction'")
    throw invalidArgument(message, `compaction.${name}`)
  }
}

/** A number that may be derived from another threshold. */
type Bound = number | readonly [value: number, from: string]

function requireInteger<T extends Compaction>(
  options: T,
  name: Exclude<keyof T & string, 'policy'>,
  low: Bound,
  high: Bound,
): void {
  const value: unknown = options[name]
  const number = Number.isInteger(value) ? (value as number) : NaN
  if (number >= valueOf(low) && number <= valueOf(high)) return
  const path = `compaction.${name}`
  const allowed = `a whole number from ${textOf(low)} to ${textOf(high)}`
  throw invalidArgument(`${path} must be ${allowed}, not ${String(value)}`, path)
}

/** Infinity means never. */
function requireIntegerOrNever<T extends Compaction>(
  options: T,
  name: Exclude<keyof T & string, 'policy'>,
  low: number,
): void {
  if (options[name] !== Infinity) requireInteger(options, name, low, maxBytes)
}

function requireShare({ garbageShare }: RunCompaction): void {
  if (garbageShare !== Infinity)
    requireNumber('garbageShare', garbageShare, 0.01, 1, ', or Infinity')
}

function requireNumber(name: string, value: unknown, low: number, high: number, or = ''): void {
  if (typeof value === 'number' && value >= low && value <= high) return
  const path = `compaction.${name}`
  const allowed = `a number from ${low} to ${high}${or}`
  throw invalidArgument(`${path} must be ${allowed}, not ${String(value)}`, path)
}

function valueOf(bound: Bound): number {
  return typeof bound === 'number' ? bound : bound[0]
}

function textOf(bound: Bound): string {
  return typeof bound === 'number' ? `${bound}` : `compaction.${bound[1]} (${bound[0]})`
}
