import type { IterateOptions, RangeOptions } from 'varve'
import { UsageError } from '../exit-code.js'
import { parseNamedCount } from '../range-flags.js'
import type { Word } from './word.js'

const bounds = ['gt', 'gte', 'lt', 'lte', 'prefix'] as const

export const rangeFlagNames = bounds.map((bound) => `--${bound}`)
export const scanFlagNames = [...rangeFlagNames, '--reverse', '--limit', '--keys-only']

export interface ScanRequest {
  options: IterateOptions<Uint8Array>
  keysOnly: boolean
}

/** `[PREFIX] [--gte KEY] … [--reverse] [--limit N] [--keys-only]`. */
export function parseScan(words: readonly Word[]): ScanRequest {
  const request: ScanRequest = { options: {}, keysOnly: false }
  const rest = takeBounds(words, request.options)
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]
    if (isFlag(word, 'reverse')) request.options.reverse = true
    else if (isFlag(word, 'keys-only')) request.keysOnly = true
    else if (isFlag(word, 'limit')) {
      request.options.limit = parseNamedCount(argument(rest, i++).text, 0, '--limit')
    } else takePrefix(word, request.options)
  }
  return request
}

/** `[PREFIX] [--gte KEY] …`; undefined when the words choose nothing. */
export function parseRange(words: readonly Word[]): RangeOptions<Uint8Array> | undefined {
  const range: RangeOptions<Uint8Array> = {}
  for (const word of takeBounds(words, range)) takePrefix(word, range)
  return Object.keys(range).length === 0 ? undefined : range
}

/** `… [--ttl MS]`: the time to live in milliseconds, and the other words. */
export function takeTtl(words: readonly Word[]): {
  rest: readonly Word[]
  ttl: { ttlMs?: number }
} {
  const at = words.findIndex((word) => isFlag(word, 'ttl'))
  if (at < 0) return { rest: words, ttl: {} }
  const ttlMs = parseNamedCount(argument(words, at).text, 1, '--ttl')
  return { rest: words.toSpliced(at, 2), ttl: { ttlMs } }
}

/** Moves the bounds among `words` into `range`; returns the other words. */
function takeBounds(words: readonly Word[], range: RangeOptions<Uint8Array>): Word[] {
  const rest: Word[] = []
  for (let i = 0; i < words.length; i++) {
    const bound = bounds.find((name) => isFlag(words[i], name))
    if (bound === undefined) rest.push(words[i])
    else range[bound] = argument(words, i++).bytes
  }
  return rest
}

function takePrefix(word: Word, range: RangeOptions<Uint8Array>): void {
  if (!word.quoted && word.text.startsWith('--')) {
    throw new UsageError(`unknown flag ${word.text}; quote it to make it a prefix`)
  }
  if (range.prefix !== undefined) throw new UsageError('there can be one prefix only')
  range.prefix = word.bytes
}

function argument(words: readonly Word[], flagIndex: number): Word {
  const word = words[flagIndex + 1]
  if (word === undefined) throw new UsageError(`${words[flagIndex].text} needs a value`)
  return word
}

function isFlag(word: Word, name: string): boolean {
  return !word.quoted && word.text === `--${name}`
}
