import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { addBackupCommand, addBackupsCommand, addRestoreCommand } from './commands/files/backup.js'
import { addClearCommand } from './commands/entries/clear.js'
import { addCompactCommand } from './commands/tree/compact.js'
import { addCountCommand } from './commands/entries/count.js'
import { addDelCommand } from './commands/entries/del.js'
import { addDumpCommand } from './commands/files/dump.js'
import { addExplainCommand } from './commands/tree/explain.js'
import { addExportCommand } from './commands/files/export.js'
import { addInspectCommand } from './commands/tree/inspect.js'
import { addFlushCommand } from './commands/tree/flush.js'
import { addGetCommand } from './commands/entries/get.js'
import { addKeyspacesCommand } from './commands/tree/keyspaces.js'
import { addImportCommand } from './commands/files/import.js'
import { addLevelsCommand } from './commands/tree/levels.js'
import { addPutCommand } from './commands/entries/put.js'
import { addRepairCommand } from './commands/files/repair.js'
import { addScanCommand } from './commands/entries/scan.js'
import { addSimulateCommand } from './commands/tree/simulate.js'
import { addShellCommand } from './commands/shell.js'
import { addStatsCommand } from './commands/tree/stats.js'
import { addVerifyCommand } from './commands/files/verify.js'
import { describeFailure, exitCode, ExitRequest } from './exit-code.js'
import { examples } from './examples.js'
import type { Io } from './io.js'
import { keyEncodings, valueEncodings } from './text/encoding.js'
import { printableText } from './text/printable.js'

/** Starts every error message of the command; commander has its own prefix. */
const errorPrefix = 'varve: '
const commanderPrefix = /^error: /

/** Runs one command line and resolves to its exit code; never rejects. */
export async function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  const json = args.includes('--json')
  try {
    await createProgram(io, json).parseAsync(args, { from: 'user' })
    return exitCode.ok
  } catch (error) {
    if (error instanceof ExitRequest) return error.exitCode
    if (error instanceof CommanderError) return usageExit(error, io, json)
    const { code, message, exitCode: exit } = describeFailure(error)
    const text = printableText(message)
    io.stderr.write(
      json ? JSON.stringify({ error: { code, message: text } }) + '\n' : `${errorPrefix}${text}\n`,
    )
    return exit
  }
}

function createProgram(io: Io, json: boolean): Command {
  const program = new Command('varve')
    .description('Inspect and change Varve databases')
    .version(packageVersion())
    .addOption(
      new Option('--db <dir>', 'directory of the database').env('VARVE_DB').default('./data'),
    )
    .option('--keyspace <name>', 'keyspace to read or write; default: that of the database itself')
    .option('--json', 'print results and errors as JSON')
    .addOption(
      new Option('--encoding <name>', 'encoding of values in arguments and output')
        .choices(valueEncodings)
        .default('utf8'),
    )
    .addOption(
      new Option('--key-encoding <name>', 'encoding of keys in arguments and output')
        .choices(keyEncodings)
        .default('utf8'),
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Under --json the failure is reported once, as JSON.
      writeErr: (text) => json || io.stderr.write(text),
      outputError: (text, write) =>
        write(printableText(text.replace(commanderPrefix, errorPrefix))),
    })
    .showHelpAfterError('Add --help to the command to see its usage.')
    .addHelpText(
      'after',
      examples(
        ["varve put greeting 'hello world'", 'create ./data and store a value'],
        ['varve get greeting', 'print the value'],
        ["varve import cities.csv --key '{country}/{name}'", 'load a file'],
        ['varve scan --prefix IS/ --limit 10', 'list entries'],
        ['varve shell', 'try everything by hand'],
        ['varve import --help', 'options and examples of one command'],
      ) + '\n\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 key not found (get).',
    )
    .exitOverride()
  addPutCommand(program, io)
  addGetCommand(program, io)
  addDelCommand(program, io)
  addScanCommand(program, io)
  addCountCommand(program, io)
  addClearCommand(program, io)
  addImportCommand(program, io)
  addExportCommand(program, io)
  addKeyspacesCommand(program, io)
  addStatsCommand(program, io)
  addLevelsCommand(program, io)
  addExplainCommand(program, io)
  addInspectCommand(program, io)
  addFlushCommand(program, io)
  addCompactCommand(program, io)
  addDumpCommand(program, io)
  addVerifyCommand(program, io)
  addRepairCommand(program, io)
  addBackupCommand(program, io)
  addRestoreCommand(program, io)
  addBackupsCommand(program, io)
  addSimulateCommand(program, io)
  addShellCommand(program, io)
  return program
}

/** Commander exits by throwing, also after --help; it has already printed its message. */
function usageExit(error: CommanderError, io: Io, json: boolean): number {
  if (error.exitCode === 0) return exitCode.ok
  if (json) {
    const message = error.message.replace(commanderPrefix, '')
    io.stderr.write(JSON.stringify({ error: { code: 'USAGE', message } }) + '\n')
  }
  return exitCode.usage
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
