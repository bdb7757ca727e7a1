import { UsageError } from '../../exit-code.js'
import type { ShellCommand } from '../command.js'
import type { ShellSession } from '../session.js'

const verbs = ['take', 'list', 'use', 'release'] as const

export const snapshotCommand: ShellCommand = {
  name: 'snapshot',
  usage: 'snapshot take | list | use N | use live | release N',
  summary: 'keep the data as it is now, and read from there',
  complete: (words) => {
    if (words.length === 0) return verbs
    return words.length === 1 && words[0].text === 'use' ? ['live'] : []
  },
  async run(session, words) {
    const [verb, name, ...rest] = words.map((word) => word.text)
    if (rest.length > 0) throw usage()
    if (verb === 'take' && name === undefined) await take(session)
    else if (verb === 'list' && name === undefined) await list(session)
    else if (verb === 'use' && name !== undefined) use(session, name)
    else if (verb === 'release' && name !== undefined) session.releaseSnapshot(parseNumber(name))
    else throw usage()
  },
}

async function take(session: ShellSession): Promise<void> {
  const number = session.takeSnapshot()
  const { sequence } = session.snapshotNumbered(number)
  await session.print(
    `snapshot ${number}, sequence ${sequence}; 'snapshot use ${number}' reads from it`,
  )
}

async function list(session: ShellSession): Promise<void> {
  if (session.snapshots.size === 0) await session.print("none; 'snapshot take' takes one")
  for (const [number, { sequence }] of session.snapshots) {
    const mark = number === session.snapshotInUse ? ', in use' : ''
    await session.print(`snapshot ${number}, sequence ${sequence}${mark}`)
  }
}

function use(session: ShellSession, name: string): void {
  if (name === 'live') {
    session.snapshotInUse = undefined
    return
  }
  if (session.transaction !== undefined) {
    throw new UsageError("a transaction is open; end it with 'commit' or 'rollback'")
  }
  const number = parseNumber(name)
  session.snapshotNumbered(number)
  session.snapshotInUse = number
}

function parseNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw usage()
  return Number(text)
}

function usage(): UsageError {
  return new UsageError(`usage: ${snapshotCommand.usage}`)
}
