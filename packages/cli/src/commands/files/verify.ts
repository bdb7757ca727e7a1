import type { Command } from 'commander'
import { verify } from 'varve/tools'
import { exitCode, ExitRequest } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { renderVerification } from '../../render/verification.js'

export function addVerifyCommand(program: Command, io: Io): void {
  program
    .command('verify')
    .description('read every file and check all of it; changes nothing')
    .option('--files', 'list every file')
    .addHelpText(
      'after',
      examples(
        ['varve verify', 'exit code 1 if there is a problem'],
        ['varve verify --files --db ./data', 'file by file'],
      ),
    )
    .action(async (options: { files?: boolean }, command: Command) => {
      const invocation = new Invocation(command, io)
      const startMs = performance.now()
      const report = await verify(invocation.flags.db)
      const durationMs = performance.now() - startMs
      await invocation.answer({ ...report, durationMs }, () =>
        renderVerification(report, { ...options, durationMs }),
      )
      if (!report.isSound) throw new ExitRequest(exitCode.failed)
    })
}
