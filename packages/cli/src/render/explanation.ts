import type { ExplainStep, Explanation } from 'varve'
import { printable, printableWithin } from '../text/printable.js'
import { formatBytes, formatCounted } from '../text/quantity.js'

const keyWidth = 32

/** The course of a point read: a line for each searched place, newest first, and the result. */
export function renderExplanation(explanation: Explanation): string {
  const lines = explanation.steps.map((step, index) => {
    const verdict = step.sequence === undefined ? '' : ` by sequence ${step.sequence}`
    const where = [place(step), ...details(step)].join(', ')
    return `  ${index + 1}. ${where}: ${step.verdict}${verdict}`
  })
  const count = formatCounted(explanation.steps.length, 'place')
  lines.push(`  ${printable(explanation.key)} is ${explanation.outcome}; asked ${count}`)
  return lines.join('\n')
}

function place({ place, level, fileNumber }: ExplainStep): string {
  return place === 'table' ? `L${level} table #${fileNumber}` : place
}

function details({ filter, indexEntry, block }: ExplainStep): string[] {
  const parts: string[] = []
  if (filter !== undefined) {
    parts.push(filter === 'none' ? 'no filter' : `filter says ${filter}`)
  }
  if (indexEntry !== undefined) {
    const separator = printableWithin(indexEntry.separator, keyWidth)
    parts.push(`index entry ${indexEntry.index} (up to ${separator})`)
  }
  if (block !== undefined) {
    parts.push(
      `block at ${block.offset} (${formatBytes(block.sizeBytes)}, ` +
        `${formatCounted(block.entryCount, 'entry', 'entries')}, ` +
        `${block.cached ? 'from the cache' : 'read from the file'})`,
    )
  }
  return parts
}
