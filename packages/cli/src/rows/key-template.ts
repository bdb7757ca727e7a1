import { DataError, UsageError } from '../exit-code.js'

export type Fields = Record<string, unknown>

/** Most fields that a message lists. */
const maxFieldsListed = 20

/** A row lacks a field; the message lists those that it has. */
export class MissingFieldError extends DataError {
  constructor(field: string, fields: Fields) {
    super(`field '${field}' is missing; the row has ${listFields(fields)}`)
  }
}

/** The names of the fields, for messages. */
export function listFields(fields: Fields): string {
  const names = Object.keys(fields)
  if (names.length === 0) return 'no fields'
  const hiddenCount = names.length - maxFieldsListed
  const listed = names.slice(0, maxFieldsListed).join(', ')
  return hiddenCount > 0 ? `${listed} and ${hiddenCount} more` : listed
}

/** Makes the key of a row; throws `DataError` when the row lacks a field. */
export type KeyTemplate = (fields: Fields) => string

/**
 * Compiles `{country}/{name}` to a function over rows. `{a.b}` reaches into nested objects and
 * arrays, unless the row has a field that is called `a.b`; `{{` and `}}` stand for braces.
 */
export function compileKeyTemplate(template: string): KeyTemplate {
  const parts = parse(template)
  if (!parts.some((part) => typeof part !== 'string')) {
    throw new UsageError(
      `key template '${template}' names no field, so every row would get one key`,
    )
  }
  return (fields) => {
    let key = ''
    for (const part of parts) {
      key += typeof part === 'string' ? part : asKeyPart(fieldAt(fields, part), part.name, fields)
    }
    return key
  }
}

/** A field by its path, as in `{loc.coordinates.0}`. */
export interface FieldPath {
  readonly name: string
  readonly steps: readonly string[]
}

export function fieldPath(name: string): FieldPath {
  return { name, steps: name.split('.') }
}

/** The field's value, or undefined. Only own properties count: `{constructor}` is no field. */
export function fieldAt(fields: Fields, path: FieldPath): unknown {
  if (Object.hasOwn(fields, path.name)) return fields[path.name]
  let value: unknown = fields
  for (const step of path.steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Fields)[step]
  }
  return value
}

function parse(template: string): (string | FieldPath)[] {
  const parts: (string | FieldPath)[] = []
  // Escaped braces first; then a field; then plain text; a brace left over is a mistake.
  for (const [match, name] of template.matchAll(/\{\{|\}\}|\{([^{}]+)\}|[^{}]+|[{}]/g)) {
    if (name !== undefined) parts.push(fieldPath(name))
    else if (match === '{' || match === '}') {
      throw new UsageError(
        `key template '${template}' has a lone '${match}'; write '${match}${match}' for a brace`,
      )
    } else parts.push(match === '{{' || match === '}}' ? match[0] : match)
  }
  return parts
}

function asKeyPart(value: unknown, name: string, fields: Fields): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined) throw new MissingFieldError(name, fields)
  if (value === null) throw new DataError(`field '${name}' is null`)
  throw new DataError(`field '${name}' is not text, a number or a boolean`)
}
