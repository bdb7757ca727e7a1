import type {
  BackupReport,
  BackupsVerification,
  ListedBackup,
  PruneReport,
  RestoreReport,
} from 'varve/tools'
import { colors } from '../text/colors.js'
import { formatBytes, formatCount, formatCounted } from '../text/quantity.js'

export function renderBackup(report: BackupReport): string {
  const { generation, tables, newTables, sizeBytes, copiedBytes } = report
  return (
    `backup ${generation}: ${formatCounted(tables, 'table')}, ${formatCount(newTables)} new; ` +
    `${formatBytes(sizeBytes)}, ${formatBytes(copiedBytes)} written`
  )
}

export function renderRestore(report: RestoreReport): string {
  const { generation, createdAtMs, path, tables, sizeBytes } = report
  return (
    `backup ${generation} of ${timeOf(createdAtMs)} restored to ${path}: ` +
    `${formatCounted(tables, 'table')}, ${formatBytes(sizeBytes)}`
  )
}

/** A line for each backup. */
export function renderBackupList(backups: readonly ListedBackup[]): string {
  if (backups.length === 0) return 'no backups'
  const head = line('backup', 'made at (UTC)', 'sequence', 'tables', 'size', 'of')
  return [colors.dim(head), ...backups.map(backupLine)].join('\n')
}

function backupLine(backup: ListedBackup): string {
  const { generation, problem } = backup
  if (problem !== undefined) {
    return `${String(generation).padStart(8)}  ${colors.red(`damaged: ${problem}`)}`
  }
  const { createdAtMs = 0, sequence = 0, tables = 0, sizeBytes = 0, source = '' } = backup
  return line(
    String(generation),
    timeOf(createdAtMs),
    formatCount(sequence),
    formatCount(tables),
    formatBytes(sizeBytes),
    source,
  )
}

function line(generation: string, time: string, ...rest: [string, string, string, string]): string {
  const [sequence, tables, size, source] = rest
  const figures = `${sequence.padStart(12)}  ${tables.padStart(6)}  ${size.padStart(10)}`
  return `${generation.padStart(8)}  ${time.padEnd(19)}  ${figures}  ${source}`
}

/** The problems of each backup, and a line for those that have none. */
export function renderBackupVerification({ generations, readBytes }: BackupsVerification): string {
  const lines = generations.flatMap(({ generation, problems }) => {
    if (problems.length === 0) return [`backup ${generation}: ${colors.green('sound')}`]
    const title = `backup ${generation}: ${colors.red(formatCounted(problems.length, 'problem'))}`
    const found = problems.map(({ file, name, message }) => {
      const held = name === undefined ? '' : ` (${name})`
      return `  ${file}${held}: ${message}`
    })
    return [title, ...found]
  })
  return [...lines, `${formatBytes(readBytes)} read`].join('\n')
}

export function renderPruning({ removed, kept, freedBytes, unreadable }: PruneReport): string {
  const summary =
    `${formatCounted(removed.length, 'backup')} removed, ${formatCount(kept.length)} kept; ` +
    `${formatBytes(freedBytes)} freed`
  if (unreadable.length === 0) return summary
  const damaged = `damaged: backup ${unreadable.join(', ')}`
  return (
    `${summary}\n${colors.red(damaged)}; ` +
    'no contents were removed, because it is unknown which of them it needs'
  )
}

/** `2026-11-22 18:05:09`, in UTC. */
function timeOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')
}
