import * as childProcess from 'node:child_process'
import { PassThrough, Writable, type Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openBinary, runShell } from '@varve/cli'
import { demoTree } from '../demo-tree.js'

const execFile = promisify(childProcess.execFile)
const shellPrompt = 'varve> '
const terminalPrompt = '$ npx varve '
const blocks = /^```console\n((?:varve> |\$ npx varve )[^]*?)^```$/gm
const program = fileURLToPath(
  new URL('bin/varve.js', import.meta.resolve('@varve/cli/package.json')),
)

/**
 * Returns `page` with what its commands print now. In its console blocks, lines after `varve> ` run
 * in one shell on the demo's data in `folder`; those after `$ npx varve ` run in another process
 * meanwhile.
 */
export async function replayPage(page: string, folder: string): Promise<string> {
  const commands = [...page.matchAll(blocks)].flatMap(([, block]) => commandsIn(block))
  const outputs = await outputsOf(commands, folder)
  return page.replace(blocks, (_, block: string) => {
    const shown = commandsIn(block).map((command) => `${command}\n${outputs.shift()}`)
    return `\`\`\`console\n${shown.join('')}\`\`\``
  })
}

/**
 * Types `lines` into one shell on the demo's data in `folder`, and resolves to what each prints.
 */
export function typeLines(lines: readonly string[], folder: string): Promise<string[]> {
  return outputsOf(
    lines.map((line) => shellPrompt + line),
    folder,
  )
}

/**
 * Replaces times, which differ from run to run, and file numbers, which differ from version to
 * version.
 */
export function withoutChance(text: string): string {
  return text
    .replace(/\d+(\.\d+)? (µs|ms|s)\b/g, '… $2')
    .replace(/\d{6}(\.log|\.sst)/g, '…$1')
    .replace(/(table #|log )\d+/g, '$1…')
}

function commandsIn(block: string): string[] {
  return block
    .split('\n')
    .filter((line) => line.startsWith(shellPrompt) || line.startsWith(terminalPrompt))
}

async function outputsOf(commands: readonly string[], folder: string): Promise<string[]> {
  const outputs: string[] = []
  let printed = ''
  const screen = new Writable({
    write(chunk: Buffer, _, done) {
      printed += chunk.toString()
      done()
    },
  })
  /** The shell asks for the next line when it has finished the last one. */
  async function* typed(): AsyncGenerator<Uint8Array> {
    for (const command of commands) {
      if (command.startsWith(shellPrompt))
        yield Buffer.from(`${command.slice(shellPrompt.length)}\n`)
      else printed += await runInTerminal(command.slice(terminalPrompt.length), folder)
      outputs.push(printed)
      printed = ''
    }
  }
  await using db = await openBinary(`${folder}/data`, demoTree)
  const stdin = Object.assign(new PassThrough(), { [Symbol.asyncIterator]: typed }) as Readable
  await runShell(db, { io: { stdin, stdout: screen, stderr: screen } })
  return outputs
}

/** Runs `npx varve ` and the rest of a line in the system shell, which handles pipes and `$(…)`. */
async function runInTerminal(rest: string, folder: string): Promise<string> {
  const script = `varve() { "$0" ${JSON.stringify(program)} "$@"; }; varve ${rest}`
  const { stdout } = await execFile('sh', ['-c', script, process.execPath], { cwd: folder })
  return stdout
}
