import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { addCompactCommand } from './commands/compact.js'
import { addDelCommand } from './commands/del.js'
import { addExportCommand } from './commands/export.js'
import { addGetCommand } from './commands/get.js'
import { addImportCommand } from './commands/import.js'
import { addLevelsCommand } from './commands/levels.js'
import { addPutCommand } from './commands/put.js'
import { addScanCommand } from './commands/scan.js'
import { addShellCommand } from './commands/shell.js'
import { addStatsCommand } from './commands/stats.js'
import { describeFailure, exitCode, ExitRequest } from './exit-code.js'
import { keyEncodings, valueEncodings } from './text/encoding.js'

/** Runs one command line and resolves to its exit code; never rejects. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const json = args.includes('--json')
  try {
    await createProgram(json).parseAsync(args, { from: 'user' })
    return exitCode.ok
  } catch (error) {
    if (error instanceof ExitRequest) return error.exitCode
    if (error instanceof CommanderError) return usageExit(error, json)
    const { code, message, exitCode: exit } = describeFailure(error)
    console.error(json ? JSON.stringify({ error: { code, message } }) : `varve: ${message}`)
    return exit
  }
}

function createProgram(json: boolean): Command {
  const program = new Command('varve')
    .description('Look into Varve databases, and change them')
    .version(packageVersion())
    .addOption(
      new Option('--db <dir>', 'directory of the database').env('VARVE_DB').default('./data'),
    )
    .option('--json', 'answers and errors as JSON', false)
    .addOption(
      new Option('--encoding <name>', 'how values are written here')
        .choices(valueEncodings)
        .default('utf8'),
    )
    .addOption(
      new Option('--key-encoding <name>', 'how keys are written here')
        .choices(keyEncodings)
        .default('utf8'),
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput(json ? { writeErr: () => {} } : {})
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 key not found (get).')
    .exitOverride()
  addPutCommand(program)
  addGetCommand(program)
  addDelCommand(program)
  addScanCommand(program)
  addImportCommand(program)
  addExportCommand(program)
  addStatsCommand(program)
  addLevelsCommand(program)
  addCompactCommand(program)
  addShellCommand(program)
  return program
}

/** Commander exits by throwing, after --help too; it has printed what there is to say. */
function usageExit(error: CommanderError, json: boolean): number {
  if (error.exitCode === 0) return exitCode.ok
  if (json) {
    const message = error.message.replace(/^error: /, '')
    console.error(JSON.stringify({ error: { code: 'USAGE', message } }))
  }
  return exitCode.usage
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
