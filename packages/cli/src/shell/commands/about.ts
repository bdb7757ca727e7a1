import { colors } from '../../text/colors.js'
import { UsageError } from '../../exit-code.js'
import type { TextEncoding } from '../../text/encoding.js'
import type { ShellCommand } from '../command.js'
import { hintForSet } from '../hints.js'

const formats: Record<string, TextEncoding> = { text: 'utf8', json: 'json', hex: 'hex' }

export const setCommand: ShellCommand = {
  name: 'set',
  usage: 'set format text | json | hex',
  summary: 'how values are typed and shown',
  complete: (words) => [['format'], Object.keys(formats)][words.length] ?? [],
  run(session, words) {
    const [name, value] = words.map((word) => word.text)
    const format = name === 'format' && value !== undefined ? formats[value] : undefined
    if (format === undefined || words.length > 2) {
      const hint = name === undefined || name === 'format' ? '' : `; ${hintForSet(words)}`
      throw new UsageError(`usage: ${setCommand.usage}${hint}`)
    }
    session.format = format
    return Promise.resolve()
  },
}

export const exitCommand: ShellCommand = {
  name: 'exit',
  usage: 'exit',
  summary: 'leave; quit, .exit, \\q and Ctrl-D do, too',
  run(session) {
    session.leaving = true
    return Promise.resolve()
  },
}

const conventions = [
  `Quote words with blanks or ';': "a b", 'a b'; \\xff is a byte. Tab completes, Ctrl-C cancels.`,
  "JSON is typed as it is, over several lines, too. ';' separates commands; a line stops at the",
  "first that fails. '#' starts a comment.",
]

/** `help` over the commands it is given, because it is one of them. */
export function helpCommand(commands: ReadonlyMap<string, ShellCommand>): ShellCommand {
  return {
    name: 'help',
    usage: 'help [COMMAND]',
    summary: 'list the commands, or show the usage of one',
    complete: () => [...commands.keys()],
    async run(session, words) {
      const name = words[0]?.text
      if (name === undefined) {
        for (const { name, summary } of commands.values()) {
          await session.print(`  ${colors.cyan(name.padEnd(9))} ${summary}`)
        }
        for (const line of conventions) await session.print(`  ${line}`)
        return
      }
      const command = commands.get(name)
      if (command === undefined) throw new UsageError(`unknown command '${name}'`)
      await session.print(`${command.usage}\n  ${command.summary}`)
    },
  }
}
