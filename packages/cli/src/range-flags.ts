import { Option, type Command } from 'commander'
import type { RangeOptions } from 'varve'
import { UsageError } from './exit-code.js'
import { parseBytes, type TextEncoding } from './text/encoding.js'

/** The flags that choose a range of keys, as the command line gives them. */
export interface RangeFlags {
  gt?: string
  gte?: string
  lt?: string
  lte?: string
  prefix?: string
}

const bounds = ['gt', 'gte', 'lt', 'lte', 'prefix'] as const

export function addRangeFlags(command: Command): Command {
  return command
    .addOption(new Option('--gte <key>', 'from this key on').conflicts('gt'))
    .addOption(new Option('--gt <key>', 'from behind this key on'))
    .addOption(new Option('--lt <key>', 'up to, and without, this key').conflicts('lte'))
    .addOption(new Option('--lte <key>', 'up to and with this key'))
    .addOption(new Option('--prefix <text>', 'keys that start so'))
}

export function rangeOf(flags: RangeFlags, encoding: TextEncoding): RangeOptions<Uint8Array> {
  const range: RangeOptions<Uint8Array> = {}
  for (const bound of bounds) {
    const text = flags[bound]
    if (text !== undefined) range[bound] = parseBytes(text, encoding, `--${bound}`)
  }
  return range
}

/** A whole number of at least `least`, for `argParser`. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text)
    if (!Number.isSafeInteger(count) || count < least || text.trim() === '') {
      throw new UsageError(`'${text}' is not a whole number of at least ${least}`)
    }
    return count
  }
}
