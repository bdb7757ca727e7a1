import { closestName } from './closest-name.js'
import { invalidArgument, type VarveError } from './errors.js'

/** INVALID_ARGUMENT: unknown name. */
export function unknownName(given: string, names: readonly string[], what: string): VarveError {
  return invalidArgument(unknownNameMessage(given, names, what), given)
}

/** Lists what exists, and says what was probably meant. */
export function unknownNameMessage(given: string, names: readonly string[], what: string): string {
  const meant = closestName(given, names)
  const suggestion = meant === undefined ? '' : ` (did you mean '${meant}'?)`
  return `unknown ${what} '${given}'${suggestion}; known: ${names.join(', ')}`
}
