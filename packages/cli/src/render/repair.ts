import type { RepairedFile, RepairReport } from 'varve/tools'
import { colors } from '../text/colors.js'
import { formatCount, formatCounted } from '../text/quantity.js'
import { problemLine } from './verification.js'

/**
 * Actions of a repair, done or planned: unreadable parts, the fate of each file, and the sum of
 * it.
 */
export function renderRepair(report: RepairReport): string {
  if (!report.isNeeded) return colors.green('nothing to repair')
  const { files, dropped, moreDropped, merges } = report
  const lines = dropped.map(problemLine)
  if (moreDropped > 0)
    lines.push(`  … and ${formatCounted(moreDropped, 'more stretch', 'more stretches')}`)
  lines.push(...files.filter(({ fate }) => fate !== 'keep').map(fileLine))
  for (const names of merges) lines.push(`  ${'merge'.padEnd(7)}  ${names.join(' ')}`)
  lines.push(...reasonLines(report), keptLine(files), resultLine(report))
  return lines.join('\n')
}

function fileLine({ name, fate, kind, entries, lostEntries, reason }: RepairedFile): string {
  const unit = kind === 'table' ? ['entry', 'entries'] : ['operation', 'operations']
  const parts = [`${formatCounted(entries, unit[0], unit[1])} kept`]
  if (lostEntries === undefined) parts.push('how many are lost is not known')
  else if (lostEntries > 0) parts.push(`${formatCount(lostEntries)} lost`)
  const why = reason === undefined ? '' : `: ${reason}`
  return `  ${fate.padEnd(7)}  ${name}, ${parts.join(', ')}${why}`
}

function reasonLines({ manifestProblem, isRebuilt, logProblem }: RepairReport): string[] {
  const lines: string[] = []
  if (manifestProblem !== undefined) {
    const how = isRebuilt ? 'it is rebuilt from the tables' : 'it is written again'
    lines.push(`MANIFEST: ${manifestProblem}; ${how}`)
  }
  if (logProblem !== undefined) lines.push(`logs become tables: ${logProblem}`)
  return lines
}

function keptLine(files: readonly RepairedFile[]): string {
  const kept = files.filter(({ fate }) => fate === 'keep')
  const entries = kept.reduce((sum, file) => sum + file.entries, 0)
  const kind = formatCounted(entries, 'entry', 'entries')
  return `${formatCounted(kept.length, 'file')} kept unchanged, with ${kind}`
}

function resultLine({ isDone, aside, after }: RepairReport): string {
  if (!isDone) return colors.yellow('nothing was changed; --apply repairs')
  const result =
    after?.isSound === true
      ? colors.green('repaired and sound')
      : colors.red('repaired, but not sound')
  return `${result}; the originals are in ${aside}, to be deleted by hand`
}
