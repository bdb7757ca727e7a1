import { colors } from '../../text/colors.js'
import { UsageError } from '../../exit-code.js'
import { renderExplanation } from '../../render/explanation.js'
import { countKeys } from '../../database/count-keys.js'
import { formatLine } from '../../text/encoding.js'
import { printable } from '../../text/printable.js'
import { formatCounted } from '../../text/quantity.js'
import type { ShellCommand } from '../command.js'
import { parseRange, parseScan, rangeFlagNames, scanFlagNames, type ScanRequest } from '../flags.js'
import { CancelledError, type ShellSession } from '../session.js'

export const getCommand: ShellCommand = {
  name: 'get',
  usage: 'get KEY',
  summary: 'print a value',
  complete: (words) => (words.length === 0 ? 'keys' : []),
  async run(session, words) {
    const [key] = words
    if (key === undefined || words.length > 1) throw new UsageError('usage: get KEY')
    const startMs = performance.now()
    const value = await session.reader.get(key.bytes)
    if (value === undefined) return session.print(colors.dim('(not there)'))
    const durationMs = performance.now() - startMs
    await session.print(formatLine(value, session.format, 'the value'))
    await session.report('found', performance.now() - durationMs)
  },
}

export const scanCommand: ShellCommand = {
  name: 'scan',
  usage:
    'scan [PREFIX] [--gte KEY] [--gt KEY] [--lt KEY] [--lte KEY] ' +
    '[--reverse] [--limit N] [--keys-only]',
  summary: 'print entries in the order of their keys',
  complete: (_, typed) => (typed.startsWith('-') ? scanFlagNames : 'keys'),
  async run(session, words) {
    const request = parseScan(words)
    const startMs = performance.now()
    let count = 0
    for await (const text of lines(session, request)) {
      await session.print(text)
      count++
      if (session.cancelled) {
        throw new CancelledError(`cancelled after ${formatCounted(count, 'entry', 'entries')}`)
      }
    }
    await session.report(formatCounted(count, 'entry', 'entries'), startMs)
  },
}

export const countCommand: ShellCommand = {
  name: 'count',
  usage: 'count [PREFIX] [--gte KEY] [--gt KEY] [--lt KEY] [--lte KEY]',
  summary: 'count the keys, all or those of a range',
  complete: (_, typed) => (typed.startsWith('-') ? rangeFlagNames : 'keys'),
  async run(session, words) {
    const startMs = performance.now()
    const count = await countKeys(session.reader, parseRange(words), (sofar) => {
      if (!session.cancelled) return
      throw new CancelledError(`cancelled after ${formatCounted(sofar, 'key')}`)
    })
    await session.print(String(count))
    await session.report('counted', startMs)
  },
}

export const explainCommand: ShellCommand = {
  name: 'explain',
  usage: 'explain [get] KEY',
  summary: 'show where a read looks: memtables, filters, index entries, blocks',
  complete: (words) => (words.length === 0 ? ['get'] : 'keys'),
  async run(session, words) {
    const key = words.length === 2 && words[0].text === 'get' ? words[1] : words[0]
    if (key === undefined || words.length > (key === words[0] ? 1 : 2)) {
      throw new UsageError(`usage: ${explainCommand.usage}`)
    }
    if (session.snapshotInUse !== undefined) {
      throw new UsageError("explain reads the newest data; 'snapshot use live' first")
    }
    await session.print(renderExplanation(session.store.explain(key.bytes)))
  },
}

async function* lines(session: ShellSession, request: ScanRequest): AsyncGenerator<string> {
  const { reader, format } = session
  if (request.keysOnly) {
    for await (const key of reader.keys(request.options)) yield printable(key)
    return
  }
  for await (const [key, value] of reader.entries(request.options)) {
    const keyText = printable(key)
    yield `${colors.cyan(keyText)}\t${formatLine(value, format, `the value of '${keyText}'`)}`
  }
}
