import { invalidArgument } from '../../base/errors.js'
import { describe } from '../../batch/encoding.js'

/** Throws INVALID_ARGUMENT unless `value` is an object. `what` names it in the message. */
export function requireObject(value: unknown, what: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw invalidArgument(`${what} must be an object, not ${describe(value)}`)
}

/** Throws for a property of `given` that is not in `known`. */
export function requireKnown(given: object, known: object, what: string): void {
  for (const name in given) {
    if (name in known) continue
    const names = Object.keys(known).join(', ')
    throw invalidArgument(`there is no ${what} '${name}'; there are ${names}`, name)
  }
}

/** Throws INVALID_ARGUMENT unless `path` is a path. `what` names it in the message. */
export function requirePath(path: unknown, what: string): void {
  if (typeof path === 'string' && path !== '') return
  throw invalidArgument(`${what} must be a string, not ${describe(path)}`)
}
