import { isUtf8 } from 'node:buffer'
import type { DumpItem } from 'varve/tools'
import { asBuffer } from '../text/as-buffer.js'
import { colors } from '../text/colors.js'
import type { TextEncoding } from '../text/encoding.js'
import { printable } from '../text/printable.js'
import { formatBytes, formatCount, formatCounted } from '../text/quantity.js'

export interface DumpStyle {
  keyEncoding: TextEncoding
  encoding: TextEncoding
  /** How much of each value is shown. */
  valueBytes: number
}

type Item<T extends DumpItem['type']> = Extract<DumpItem, { type: T }>

/** One line for people. */
export function dumpLine(item: DumpItem, style: DumpStyle): string {
  const key = (bytes: Uint8Array): string => shown(bytes, style.keyEncoding)
  switch (item.type) {
    case 'file': {
      const number = item.number === undefined ? '' : ` ${item.number}`
      return `${item.name}: ${item.kind}${number}, ${formatBytes(item.sizeBytes)}`
    }
    case 'current':
      return `  ${item.manifest}`
    case 'start':
      return at(item.offset, 'start', previousText(item))
    case 'mark':
      return at(item.offset, 'mark', `${formatCount(item.durableBytes)} bytes were durable`)
    case 'commit':
      return at(item.offset, 'commit', commitText(item))
    case 'edit':
      return at(item.offset, 'edit', editText(item, key))
    case 'properties':
      return at(item.offset, 'properties', propertiesText(item, key))
    case 'block': {
      const count = formatCounted(item.entries, 'entry', 'entries')
      const text = `${count}, ${key(item.firstKey)} … ${key(item.lastKey)}`
      return at(item.offset, 'block', `${formatBytes(item.sizeBytes)}, ${text}`)
    }
    case 'operation':
      return under(item.sequence, kindText(item), operationText(item, style))
    case 'entry':
      return under(item.sequence, kindText(item), key(item.key) + valueText(item.value, style))
    case 'range delete':
      return under(item.sequence, item.type, rangeText(item.start, item.end, key))
    case 'damage': {
      const part = item.part === undefined || item.part === 'data' ? '' : `${item.part}: `
      const text = `${formatBytes(item.sizeBytes)}: ${part}${item.message}`
      return colors.red(at(item.offset, 'damage', text))
    }
    case 'torn':
      return colors.yellow(at(item.offset, 'torn', `${formatBytes(item.sizeBytes)} to the end`))
  }
}

/** The same as JSON would have it. Keys that are no text, and values, become `{ "hex": … }`. */
export function dumpRecord(item: DumpItem, style: DumpStyle): unknown {
  const text = (bytes: Uint8Array, encoding: TextEncoding): unknown => {
    const hex = asBuffer(bytes).toString('hex')
    if (encoding === 'hex') return hex
    return isUtf8(bytes) ? asBuffer(bytes).toString('utf8') : { hex }
  }
  const plain = (value: unknown, name: string): unknown => {
    if (value instanceof Uint8Array) {
      if (name !== 'value') return text(value, style.keyEncoding)
      return text(value.subarray(0, style.valueBytes), style.encoding)
    }
    if (Array.isArray(value)) return value.map((element) => plain(element, name))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([field, of]) => [field, plain(of, field)]))
  }
  const record = plain(item, '') as Record<string, unknown>
  if ('value' in item && item.value !== undefined) record['valueBytes'] = item.value.length
  return record
}

function at(offset: number | undefined, type: string, text: string): string {
  return `${String(offset ?? '').padStart(10)}  ${type.padEnd(7)} ${text}`
}

function under(sequence: number | undefined, kind: string, text: string): string {
  const number = sequence === undefined ? '#?' : `#${sequence}`
  return `${''.padStart(12)}${number.padEnd(8)} ${kind.padEnd(7)} ${text}`
}

function previousText({ previousLog, previousBytes }: Item<'start'>): string {
  if (previousLog === 0) return 'the first log'
  return `after log ${previousLog} of ${formatCount(previousBytes)} bytes`
}

function commitText({ firstSequence, operations, sizeBytes }: Item<'commit'>): string {
  return `#${firstSequence}, ${formatCounted(operations, 'operation')}, ${formatBytes(sizeBytes)}`
}

function editText(
  { deleted, added, formatVersion, logNumber, nextFileNumber, lastSequence }: Item<'edit'>,
  key: (bytes: Uint8Array) => string,
): string {
  const numbers = { formatVersion, logNumber, nextFileNumber, lastSequence }
  const parts = Object.entries(numbers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
  for (const { level, fileNumber } of deleted) parts.push(`L${level} − ${fileNumber}`)
  for (const { level, table } of added) {
    const range = rangeText(table.range.start, table.range.end, key)
    parts.push(`L${level} + ${table.fileNumber} (${range})`)
  }
  return parts.join(', ')
}

function propertiesText(item: Item<'properties'>, key: (bytes: Uint8Array) => string): string {
  const { entryCount, minSequence, maxSequence, range, codec, expiringCount, shadowedCount } = item
  const entries = formatCounted(entryCount, 'entry', 'entries')
  const keys = rangeText(range.start, range.end, key)
  const shadowed = shadowedCount === 0 ? '' : `, ${formatCount(shadowedCount)} shadowed`
  const text = `${entries}, ${keys}, #${minSequence} to #${maxSequence}, codec ${codec}${shadowed}`
  if (expiringCount === 0) return text
  const expiring = formatCounted(expiringCount, 'expires', 'expire')
  return `${text}, ${expiring}, the last at ${momentText(item.lastExpiryMs)}`
}

/**
 * A put that expires is marked before its key, because the key may look like anything.
 */
function kindText({ kind, expiresAtMs }: Item<'operation'> | Item<'entry'>): string {
  return expiresAtMs === undefined ? kind : `${kind} until ${momentText(expiresAtMs)}`
}

/** In UTC, as ISO 8601 has it, with milliseconds; what a file says may be no moment at all. */
function momentText(wallMs: number): string {
  const date = new Date(wallMs)
  return Number.isNaN(date.getTime()) ? `${wallMs} ms` : date.toISOString()
}

function operationText({ key, value, end }: Item<'operation'>, style: DumpStyle): string {
  const keyText = (bytes: Uint8Array): string => shown(bytes, style.keyEncoding)
  if (end !== undefined) return rangeText(key, end, keyText)
  return keyText(key) + valueText(value, style)
}

function valueText(value: Uint8Array | undefined, style: DumpStyle): string {
  if (value === undefined) return ''
  const rest = value.length - style.valueBytes
  const more = rest > 0 ? ` … ${formatCount(rest)} bytes more` : ''
  return `\t${shown(value.subarray(0, style.valueBytes), style.encoding)}${more}`
}

function rangeText(
  start: Uint8Array,
  end: Uint8Array | null,
  key: (bytes: Uint8Array) => string,
): string {
  return `${key(start)} … ${end === null ? 'the last' : key(end)}`
}

/** Bytes in the requested form. Bytes that are not text are escaped, never refused. */
function shown(bytes: Uint8Array, encoding: TextEncoding): string {
  return encoding === 'hex' ? asBuffer(bytes).toString('hex') : printable(bytes)
}
