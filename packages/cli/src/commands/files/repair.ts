import type { Command } from 'commander'
import { repair } from 'varve/tools'
import { exitCode, ExitRequest } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { renderRepair } from '../../render/repair.js'

interface RepairFlags {
  apply?: boolean
  salvageLogs?: boolean
}

export function addRepairCommand(program: Command, io: Io): void {
  program
    .command('repair')
    .description('report what a repair would keep and drop; repair with --apply')
    .option('--apply', 'repair; replaced files are kept in a directory beside the database')
    .option('--salvage-logs', 'also keep complete commits found after what looks like a torn tail')
    .addHelpText(
      'after',
      examples(['varve repair', 'report only'], ['varve repair --apply', 'repair']),
    )
    .action(async (flags: RepairFlags, command: Command) => {
      const invocation = new Invocation(command, io)
      const report = await repair(invocation.flags.db, {
        apply: flags.apply === true,
        salvageLogs: flags.salvageLogs === true,
      })
      await invocation.answer(report, () => renderRepair(report))
      if (report.after?.isSound === false) throw new ExitRequest(exitCode.failed)
    })
}
