import type { Command } from 'commander'
import { repair } from 'varve/tools'
import { exitCode, ExitRequest } from '../exit-code.js'
import { Invocation } from '../invocation.js'
import type { Io } from '../io.js'
import { renderRepair } from '../render/repair.js'

interface RepairFlags {
  apply?: boolean
  salvageLogs?: boolean
}

export function addRepairCommand(program: Command, io: Io): void {
  program
    .command('repair')
    .description('tell what a repair would keep and drop; with --apply, do it')
    .option('--apply', 'repair; the originals of what is replaced go to a folder beside')
    .option('--salvage-logs', 'take every whole commit, also behind what looks like a torn tail')
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
