import { inspect, type InspectOptions } from 'node:util'
import { printableKey } from '../../base/bytes/bytes.js'
import { isEmptyRange, type KeyRange } from '../../key/key-range.js'

/**
 * The text that `console.log` shows for a public object: its name and a few fields, not its
 * internals.
 */
export function inspected(
  name: string,
  fields: object,
  depth: number,
  options: InspectOptions,
): string {
  return depth < 0 ? `[${name}]` : `${name} ${inspect(fields, options)}`
}

/** The bounds of a range, as fields for `inspected`. */
export function inspectedRange(range: KeyRange): object {
  if (isEmptyRange(range)) return { range: 'empty' }
  const { start, end } = range
  return {
    ...(start.length === 0 ? {} : { gte: printableKey(start) }),
    ...(end === null ? {} : { lt: printableKey(end) }),
  }
}
