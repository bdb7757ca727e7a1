import type { BatchOperation } from 'varve'
import { UsageError } from '../../exit-code.js'
import { parseBytes } from '../../text/encoding.js'
import { formatCounted } from '../../text/quantity.js'
import type { ShellCommand } from '../command.js'
import { parseRange, rangeFlagNames, takeTtl } from '../flags.js'
import type { ShellSession } from '../session.js'
import type { Word } from '../words.js'

export const putCommand: ShellCommand = {
  name: 'put',
  usage: 'put KEY VALUE [--ttl MS]',
  summary: 'store a value',
  complete: (words, typed) => {
    if (words.length === 0) return 'keys'
    return words.length > 1 && typed.startsWith('-') ? ['--ttl'] : []
  },
  async run(session, words) {
    const operation = putOperation(session, words)
    const startMs = performance.now()
    await session.db.batch([operation])
    await session.report('ok', startMs)
  },
}

export const delCommand: ShellCommand = {
  name: 'del',
  usage: 'del KEY',
  summary: 'delete a key',
  complete: () => 'keys',
  async run(session, words) {
    const { key } = delOperation(words)
    const startMs = performance.now()
    await session.db.del(key)
    await session.report('ok', startMs)
  },
}

export const batchCommand: ShellCommand = {
  name: 'batch',
  usage: 'batch put KEY VALUE ; del KEY ; …',
  summary: 'several writes, all of them or none',
  complete: (words) => {
    const last = words.at(-1)
    if (last === undefined || isSeparator(last)) return ['put', 'del']
    return last.text === 'put' || last.text === 'del' ? 'keys' : []
  },
  async run(session, words) {
    const operations = splitAtSeparators(words).map((part) => batchOperation(session, part))
    const startMs = performance.now()
    await session.db.batch(operations)
    await session.report(`ok, ${formatCounted(operations.length, 'operation')}`, startMs)
  },
}

export const clearCommand: ShellCommand = {
  name: 'clear',
  usage: 'clear PREFIX | --gte KEY --lt KEY … | --all',
  summary: 'delete a range of keys',
  complete: (_, typed) => (typed.startsWith('-') ? [...rangeFlagNames, '--all'] : 'keys'),
  async run(session, words) {
    const all = words.length === 1 && words[0].text === '--all' && !words[0].quoted
    const range = all ? undefined : parseRange(words)
    if (!all && range === undefined) {
      throw new UsageError("say which keys, or 'clear --all' for every one")
    }
    const startMs = performance.now()
    await session.db.clear(range)
    await session.report('ok', startMs)
  },
}

type Operation = BatchOperation<Uint8Array, Uint8Array>

function batchOperation(session: ShellSession, words: readonly Word[]): Operation {
  const [verb, ...rest] = words
  if (verb?.text === 'put') return putOperation(session, rest)
  if (verb?.text === 'del') return delOperation(rest)
  throw new UsageError(`a batch holds 'put KEY VALUE' and 'del KEY', with a ';' between them`)
}

function putOperation(session: ShellSession, words: readonly Word[]) {
  const { rest, ttl } = takeTtl(words)
  const [key, value] = rest
  if (key === undefined || value === undefined || rest.length > 2) {
    throw new UsageError('usage: put KEY VALUE [--ttl MS] (quote what has blanks)')
  }
  // Escapes have made bytes of the argument already; only the other formats are parsed as text.
  const bytes =
    session.format === 'utf8' ? value.bytes : parseBytes(value.text, session.format, 'the value')
  return { type: 'put' as const, key: key.bytes, value: bytes, ...ttl }
}

function delOperation(words: readonly Word[]) {
  const [key] = words
  if (key === undefined || words.length > 1) throw new UsageError('usage: del KEY')
  return { type: 'del' as const, key: key.bytes }
}

function splitAtSeparators(words: readonly Word[]): Word[][] {
  const parts: Word[][] = [[]]
  for (const word of words) {
    if (isSeparator(word)) parts.push([])
    else parts.at(-1)!.push(word)
  }
  // A ';' behind the last operation is as good as none.
  if (parts.length > 1 && parts.at(-1)!.length === 0) parts.pop()
  return parts
}

function isSeparator(word: Word): boolean {
  return !word.quoted && word.text === ';'
}
