import { createBinaryKeyspace } from '../../database/binary-database.js'
import { UsageError } from '../../exit-code.js'
import { describeKeyspace } from '../../render/keyspaces.js'
import type { ShellCommand } from '../command.js'
import type { ShellSession } from '../session.js'
import type { Word } from '../word.js'

const verbs = ['list', 'use', 'leave', 'create', 'drop'] as const
const encodings = ['utf8', 'json', 'binary']

export const keyspaceCommand: ShellCommand = {
  name: 'keyspace',
  usage: 'keyspace list | use NAME | leave | create NAME [KEYS [VALUES]] | drop NAME',
  summary: 'switch to another keyspace; create, list or drop them',
  complete: (words) => {
    const [verb] = words
    if (verb === undefined) return verbs
    if (words.length === 1) return ['use', 'drop'].includes(verb.text) ? 'keyspaces' : []
    return verb.text === 'create' && words.length < 4 ? encodings : []
  },
  async run(session, words) {
    const [verb, name, ...rest] = words
    const startMs = performance.now()
    if (verb?.text === 'list' && name === undefined) return list(session)
    if (verb?.text === 'leave' && name === undefined) return session.leaveKeyspace()
    if (name === undefined) throw usage()
    if (verb.text === 'create' && rest.length <= 2) {
      await create(session, name.text, rest)
      return session.report(`ok; 'keyspace use ${name.text}' switches to it`, startMs)
    }
    if (rest.length > 0) throw usage()
    if (verb.text === 'use') return session.useKeyspace(name.text)
    if (verb.text !== 'drop') throw usage()
    await drop(session, name.text)
    await session.report('ok', startMs)
  },
}

async function list(session: ShellSession): Promise<void> {
  const keyspaces = session.db.keyspaces()
  if (keyspaces.length === 0) {
    await session.print("none beside the default one; 'keyspace create NAME' creates one")
  }
  for (const keyspace of keyspaces) {
    const mark = keyspace.name === session.keyspaceName ? ', in use' : ''
    await session.print(describeKeyspace(keyspace) + mark)
  }
}

/** Values are typed and shown by `set format`; the encodings are for the programs that open it. */
async function create(session: ShellSession, name: string, rest: readonly Word[]): Promise<void> {
  const [keys = 'utf8', values = 'utf8'] = rest.map(({ text }) => text)
  for (const encoding of [keys, values]) {
    if (!encodings.includes(encoding)) {
      throw new UsageError(`an encoding is ${encodings.join(', ')}, not '${encoding}'`)
    }
  }
  await createBinaryKeyspace(session.db, name, keys, values)
}

async function drop(session: ShellSession, name: string): Promise<void> {
  if (session.transaction !== undefined) {
    throw new UsageError("a transaction is open; end it with 'commit' or 'rollback'")
  }
  await (await session.keyspaceNamed(name)).drop()
  if (session.keyspaceName === name) session.leaveKeyspace()
}

function usage(): UsageError {
  return new UsageError(`usage: ${keyspaceCommand.usage}`)
}
