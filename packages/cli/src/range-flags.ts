import { InvalidArgumentError, Option, type Command } from 'commander'
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
    .addOption(new Option('--gte <key>', 'start at this key').conflicts('gt'))
    .addOption(new Option('--gt <key>', 'start after this key'))
    .addOption(new Option('--lt <key>', 'stop before this key').conflicts('lte'))
    .addOption(new Option('--lte <key>', 'stop after this key'))
    .addOption(new Option('--prefix <text>', 'only keys that start with this'))
}

export function rangeOf(flags: RangeFlags, encoding: TextEncoding): RangeOptions<Uint8Array> {
  const range: RangeOptions<Uint8Array> = {}
  for (const bound of bounds) {
    const text = flags[bound]
    if (text !== undefined) range[bound] = parseBytes(text, encoding, `--${bound}`)
  }
  return range
}

/** A whole number of at least `least`, for `argParser`; the error names the option. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const count = countIn(text, least)
    if (count !== undefined) return count
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
  }
}

/** The same for words of the shell, where `name` is the flag. */
export function parseNamedCount(text: string, least: number, name: string): number {
  const count = countIn(text, least)
  if (count !== undefined) return count
  throw new UsageError(`${name} must be a whole number of at least ${least}, not '${text}'`)
}

/** For `argParser`: a number within a range, such as a share. */
export function parseNumberWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (number >= least && number <= most && text.trim() !== '') return number
    throw new InvalidArgumentError(
      most === Infinity
        ? `It must be a number of at least ${least}.`
        : `It must be a number from ${least} to ${most}.`,
    )
  }
}

function countIn(text: string, least: number): number | undefined {
  const count = Number(text)
  return Number.isSafeInteger(count) && count >= least && text.trim() !== '' ? count : undefined
}
