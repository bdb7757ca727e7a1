import type { BatchOperation } from 'varve'
import { UsageError } from '../../exit-code.js'
import { parseValue } from '../../text/encoding.js'
import { formatCounted } from '../../text/quantity.js'
import type { ShellCommand } from '../command.js'
import { parseRange, rangeFlagNames, takeTtl } from '../flags.js'
import type { ShellSession } from '../session.js'
import { separator, type Word } from '../word.js'

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
    await session.writer.batch([operation])
    await session.reportWrite('ok', startMs)
  },
}

export const delCommand: ShellCommand = {
  name: 'del',
  usage: 'del KEY …',
  summary: 'delete keys',
  complete: () => 'keys',
  async run(session, words) {
    const operations = delOperations(words)
    const startMs = performance.now()
    await session.writer.batch(operations)
    await session.reportWrite('ok', startMs)
  },
}

export const batchCommand: ShellCommand = {
  name: 'batch',
  usage: 'batch put KEY VALUE ; del KEY ; …',
  summary: 'several writes, all of them or none',
  complete: (words) => {
    const last = words.at(-1)
    if (last === undefined || last === separator) return ['put', 'del']
    return last.text === 'put' || last.text === 'del' ? 'keys' : []
  },
  async run(session, words) {
    const operations = splitAtSeparators(words).flatMap((part) => batchOperations(session, part))
    const startMs = performance.now()
    await session.writer.batch(operations)
    await session.reportWrite(`ok, ${formatCounted(operations.length, 'operation')}`, startMs)
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
    await session.writer.clear(range)
    await session.reportWrite('ok', startMs)
  },
}

type Operation = BatchOperation<Uint8Array, Uint8Array>

function batchOperations(session: ShellSession, words: readonly Word[]): Operation[] {
  const [verb, ...rest] = words
  const name = verb?.text.toLowerCase()
  if (name === 'put') return [putOperation(session, rest)]
  if (name === 'del') return delOperations(rest)
  throw new UsageError(
    `a batch holds 'put KEY VALUE' and 'del KEY', separated by ';', and takes the rest of its line`,
  )
}

function putOperation(session: ShellSession, words: readonly Word[]) {
  const { rest, ttl } = takeTtl(words)
  const [key, value] = rest
  if (key === undefined || value === undefined || rest.length > 2) {
    throw new UsageError('usage: put KEY VALUE [--ttl MS] (quote what has blanks)')
  }
  const bytes = parseValue(value.bytes, session.format, 'the value')
  return { type: 'put' as const, key: key.bytes, value: bytes, ...ttl }
}

function delOperations(words: readonly Word[]) {
  if (words.length === 0) throw new UsageError(`usage: ${delCommand.usage}`)
  return words.map(({ bytes }) => ({ type: 'del' as const, key: bytes }))
}

function splitAtSeparators(words: readonly Word[]): Word[][] {
  const parts: Word[][] = [[]]
  for (const word of words) {
    if (word === separator) parts.push([])
    else parts.at(-1)!.push(word)
  }
  // A ';' after the last operation changes nothing.
  if (parts.length > 1 && parts.at(-1)!.length === 0) parts.pop()
  return parts
}
