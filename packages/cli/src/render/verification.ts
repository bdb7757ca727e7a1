import type { DirectoryOwner, Problem, Remark, VerifiedFile, VerifyReport } from 'varve/tools'
import { colors } from '../text/colors.js'
import { formatBytes, formatCount, formatCounted, formatDuration } from '../text/quantity.js'

export interface VerificationOptions {
  /** List the files, too. */
  files?: boolean
  durationMs: number
}

/** What `verify` found: problems first, then what is worth knowing, then the sum of it. */
export function renderVerification(report: VerifyReport, options: VerificationOptions): string {
  const { problems, moreProblems, remarks, files, owner } = report
  const lines = problems.map(problemLine)
  if (moreProblems > 0) lines.push(`  … and ${formatCounted(moreProblems, 'more problem')}`)
  lines.push(...remarks.map(remarkLine))
  if (owner !== undefined) lines.push(ownerLine(owner))
  if (options.files === true) lines.push(...files.map(fileLine))
  lines.push(summaryLine(report), totalsLine(report, options.durationMs))
  return lines.join('\n')
}

export function problemLine({ kind, file, offset, sizeBytes, message }: Problem): string {
  const place = offset === undefined ? '' : ` at byte ${offset}`
  const size = sizeBytes === undefined ? '' : ` (${formatBytes(sizeBytes)})`
  return `  ${colors.red(kind.padEnd(11))}  ${file}${place}${size}: ${message}`
}

export function remarkLine({ file, message }: Remark): string {
  return colors.dim(`  ${'note'.padEnd(11)}  ${file}: ${message}`)
}

function ownerLine({ pid }: DirectoryOwner): string {
  const text = `open in process ${pid}; files that it is writing or removing were left out`
  return colors.dim(`  ${'note'.padEnd(11)}  ${text}`)
}

function fileLine({ name, level, sizeBytes, entries, kind }: VerifiedFile): string {
  const place = level === undefined ? '' : `L${level}`
  const count = kind === 'current' ? '' : `${formatCount(entries)} ${entryNames[kind]}`
  const size = formatBytes(sizeBytes).padStart(10)
  return `  ${name.padEnd(16)}  ${place.padEnd(2)}  ${size}  ${count}`
}

const entryNames = { table: 'entries', log: 'operations', manifest: 'edits' } as const

function summaryLine({ isSound, problems, moreProblems }: VerifyReport): string {
  if (isSound) return colors.green('sound: every checksum, order, bound, count and filter holds')
  return colors.red(`${formatCounted(problems.length + moreProblems, 'problem')} found`)
}

function totalsLine({ totals }: VerifyReport, durationMs: number): string {
  const { files, bytes, entries, operations } = totals
  return (
    `${formatCounted(files, 'file')}, ${formatBytes(bytes)}, ` +
    `${formatCounted(entries, 'entry', 'entries')} in tables, ` +
    `${formatCounted(operations, 'operation')} in logs, read in ${formatDuration(durationMs)}`
  )
}
