import type { LevelInfo, Stats } from 'varve'

const mebibyte = 1024 * 1024

/** What `getProperty` reads from. */
export interface PropertySource {
  stats(): Stats
  levels(): LevelInfo[]
}

/**
 * LevelDB's properties, told of Varve, and two of Varve's own; '' for a name that is none of them.
 */
export function propertyOf(name: string, source: PropertySource): string {
  const level = /^leveldb\.num-files-at-level(\d+)$/.exec(name)?.[1]
  if (level !== undefined) return String(source.levels()[Number(level)]?.tables.length ?? '')
  switch (name) {
    case 'leveldb.stats':
      return statsText(source)
    case 'leveldb.sstables':
      return source.levels().map(tablesText).join('')
    case 'leveldb.approximate-memory-usage':
      return String(source.stats().memory.total)
    case 'varve.stats':
      return JSON.stringify(source.stats())
    case 'varve.levels':
      return JSON.stringify(source.levels(), (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      )
    default:
      return ''
  }
}

function statsText(source: PropertySource): string {
  const { flushes, compactions, bytes } = source.stats()
  const lines = [
    'Level  Files Size(MB)',
    '---------------------',
    ...source
      .levels()
      .filter(({ tables }) => tables.length > 0)
      .map(({ level, tables, sizeBytes }) => {
        const size = (sizeBytes / mebibyte).toFixed(0)
        const count = String(tables.length).padStart(8)
        return `${String(level).padStart(3)} ${count} ${size.padStart(8)}`
      }),
    `Flushes: ${flushes.count}, ${megabytes(bytes.flush)} MB written`,
    `Compactions: ${compactions.count}, ${megabytes(bytes.compactionRead)} MB read, ` +
      `${megabytes(bytes.compaction)} MB written`,
  ]
  return lines.join('\n') + '\n'
}

function megabytes(count: number): string {
  return (count / mebibyte).toFixed(1)
}

function tablesText({ level, tables }: LevelInfo): string {
  const lines = tables.map(({ fileNumber, sizeBytes, smallestKey, endKey }) => {
    const end = endKey === null ? '' : textOf(endKey)
    return ` ${fileNumber}:${sizeBytes}['${textOf(smallestKey)}' .. '${end}')\n`
  })
  return `--- level ${level} ---\n${lines.join('')}`
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}
