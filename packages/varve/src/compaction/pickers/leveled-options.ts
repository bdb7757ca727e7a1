import { invalidArgument } from '../../base/errors.js'
import { levelCount } from '../../version/version.js'

/** Thresholds of leveled compaction: when to merge, and how much bigger each level is. */
export interface LeveledOptions {
  readonly policy: 'leveled'
  /** Tables on level 0 that start a compaction into level 1. 1 to 1000; default 4. */
  readonly l0Trigger: number
  /** Tables on level 0 from which writes are slowed down. At least l0Trigger; default 8. */
  readonly l0Slowdown: number
  /** Tables on level 0 at which writes wait. At least l0Slowdown; default 12. */
  readonly l0Stop: number
  /** Bytes that compactions are behind from which writes are slowed down. 1 MiB to 2^50; default 16 GiB. */
  readonly debtSlowdownBytes: number
  /** Bytes that compactions are behind at which writes wait. At least debtSlowdownBytes; default 64 GiB. */
  readonly debtStopBytes: number
  /** Size that level 1 is kept below, in bytes. 64 KiB to 2^50; default 256 MiB. */
  readonly baseBytes: number
  /** How many times larger each level is than the one above it. 2 to 100; default 10. */
  readonly sizeRatio: number
  /** Levels in use, level 0 included. 2 to 7; default 7. */
  readonly maxLevels: number
}

export const defaultLeveledOptions: LeveledOptions = {
  policy: 'leveled',
  l0Trigger: 4,
  l0Slowdown: 8,
  l0Stop: 12,
  debtSlowdownBytes: 16 * 1024 ** 3,
  debtStopBytes: 64 * 1024 ** 3,
  baseBytes: 256 * 1024 * 1024,
  sizeRatio: 10,
  maxLevels: levelCount,
}

const maxL0Tables = 1000

/** Fills in defaults. Throws INVALID_ARGUMENT, naming the option below `compaction` and its values. */
export function resolveLeveledOptions(given: Partial<LeveledOptions> = {}): LeveledOptions {
  const known = Object.keys(defaultLeveledOptions)
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const path = `compaction.${name}`
    throw invalidArgument(`${path} is not an option; there are ${known.join(', ')}`, path)
  }
  const defined = Object.entries(given).filter(([, value]) => value !== undefined)
  const options: LeveledOptions = { ...defaultLeveledOptions, ...Object.fromEntries(defined) }
  if (options.policy !== 'leveled') {
    throw invalidArgument(
      `compaction.policy must be 'leveled', not ${String(options.policy)}`,
      'compaction.policy',
    )
  }
  requireInteger(options, 'l0Trigger', 1, maxL0Tables)
  requireInteger(options, 'l0Slowdown', options.l0Trigger, maxL0Tables, 'l0Trigger')
  requireInteger(options, 'l0Stop', options.l0Slowdown, maxL0Tables, 'l0Slowdown')
  requireInteger(options, 'debtSlowdownBytes', 1024 * 1024, 2 ** 50)
  requireInteger(options, 'debtStopBytes', options.debtSlowdownBytes, 2 ** 50, 'debtSlowdownBytes')
  requireInteger(options, 'baseBytes', 64 * 1024, 2 ** 50)
  requireInteger(options, 'sizeRatio', 2, 100)
  requireInteger(options, 'maxLevels', 2, levelCount)
  return options
}

function requireInteger(
  options: LeveledOptions,
  name: Exclude<keyof LeveledOptions, 'policy'>,
  low: number,
  high: number,
  lowIs?: string,
): void {
  const value: unknown = options[name]
  if (Number.isInteger(value) && options[name] >= low && options[name] <= high) return
  const lowest = lowIs === undefined ? `${low}` : `compaction.${lowIs} (${low})`
  throw invalidArgument(
    `compaction.${name} must be a whole number from ${lowest} to ${high}, not ${String(value)}`,
    `compaction.${name}`,
  )
}
