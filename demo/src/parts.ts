import { formatBytes, formatCounted } from '@varve/cli'
import type { CompactionEvent } from 'varve'
import type { Cities, City } from './city.js'
import { demoTree } from './demo-tree.js'

/** One line for each part that a write passes, with what the import made of it. */
export function explainWrites(db: Cities): void {
  const { bytes, flushes, compactions, amplification } = db.stats()
  const memtable = formatBytes(demoTree.memtableBytes)
  part(
    'log',
    `every batch was appended to it first, ${formatBytes(bytes.log)}; a crash loses nothing`,
  )
  part('memtable', `then sorted in memory, up to ${memtable} here; 64 MiB by default`)
  part(
    'flush',
    `a full memtable became a table on level 0, ${formatCounted(flushes.count, 'time')}`,
  )
  const { count, moves } = compactions
  part(
    'compaction',
    `a full level went into the next: ${formatCounted(count, 'merge')}, ` +
      `${formatCounted(moves, 'move')} without a copy; each byte was written ` +
      `${amplification.write.toFixed(1)} times`,
  )
}

/** The compactions that one flush set off. */
export function drawCascade(cascade: readonly CompactionEvent[]): void {
  for (const [
    index,
    { inputLevels, outputLevel, inputTables, writtenBytes },
  ] of cascade.entries()) {
    const levels = `${'  '.repeat(index)}L${inputLevels[0]} → L${outputLevel}`
    const what =
      writtenBytes === 0 ? 'moved without a copy' : `${formatBytes(writtenBytes)} written`
    console.log(`  ${levels.padEnd(22)} ${formatCounted(inputTables, 'table')}, ${what}`)
  }
}

/** One line for each part that a read passes, shown by reads that use it. */
export async function explainReads(db: Cities): Promise<void> {
  explainFilter(db, 'IS/Atlantis/0')
  explainIndexAndCache(db, 'NZ/Wellington/2179537')
  await explainSnapshot(db, 'XX/Atlantis/0')
}

function explainFilter(db: Cities, key: string): void {
  const { steps } = db.explain(key)
  const asked = steps.filter((step) => step.filter !== undefined)
  const useful = asked.filter((step) => step.filter === 'absent').length
  part(
    'filter',
    `'${key}' is not there: ${formatCounted(asked.length, 'filter')} asked, ` +
      `${useful} said so without a look at the table's blocks`,
  )
}

function explainIndexAndCache(db: Cities, key: string): void {
  const first = db.explain(key).steps.at(-1)
  const again = db.explain(key).steps.at(-1)
  const sizeBytes = first?.block?.sizeBytes ?? 0
  const entryCount = first?.block?.entryCount ?? 0
  part(
    'index',
    `'${key}' can only be in one block of a table: ${formatBytes(sizeBytes)}, ` +
      formatCounted(entryCount, 'entry', 'entries'),
  )
  const from = (cached: boolean | undefined) => (cached === true ? 'the cache' : 'the file')
  part(
    'cache',
    `that block came from ${from(first?.block?.cached)}, then from ${from(again?.block?.cached)}`,
  )
}

async function explainSnapshot(db: Cities, key: string): Promise<void> {
  using before = db.snapshot()
  await db.put(key, { name: 'Atlantis', country: 'XX', cityId: 0 } as City)
  const seen = async (reader: Pick<Cities, 'has'>) =>
    (await reader.has(key)) ? 'sees' : 'does not see'
  part(
    'snapshot',
    `a snapshot from before '${key}' ${await seen(before)} it; the database ${await seen(db)} it`,
  )
  await db.del(key)
}

function part(name: string, text: string): void {
  console.log(`  ${name.padEnd(10)}  ${text}`)
}
