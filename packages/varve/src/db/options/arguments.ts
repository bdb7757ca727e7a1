import { fileURLToPath } from 'node:url'
import { invalidArgument, VarveError } from '../../base/errors.js'
import { unknownName } from '../../base/unknown-name.js'
import { describe } from '../../batch/encoding.js'

/** Throws INVALID_ARGUMENT unless `value` is an object. `what` names it in the message. */
export function requireObject(value: unknown, what: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw invalidArgument(`${what} must be an object, not ${describe(value)}`)
}

/** Throws INVALID_ARGUMENT unless `value` is a function. */
export function requireFunction(value: unknown, what: string): void {
  if (typeof value === 'function') return
  throw invalidArgument(`${what} must be a function, not ${describe(value)}`)
}

/** Throws INVALID_ARGUMENT if `given` has a property that `known` does not have. */
export function requireKnown(given: object, known: object, what: string): void {
  for (const name in given) {
    if (!Object.hasOwn(known, name)) throw unknownName(name, Object.keys(known), what)
  }
}

/** Converts `given`, a string or a `file:` URL, to a path. `what` names it in the message. */
export function pathOf(given: unknown, what: string): string {
  if (given instanceof URL) return pathOfUrl(given, what)
  if (typeof given === 'string' && given !== '') return given
  throw invalidArgument(`${what} must be a string or a file: URL, not ${describe(given)}`)
}

function pathOfUrl(url: URL, what: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    const message = `${what} must be a file: URL of this machine, not ${url.href}`
    throw new VarveError('INVALID_ARGUMENT', message, { cause })
  }
}
