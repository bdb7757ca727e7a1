import { describeFailure } from '../exit-code.js'
import { CancelledError } from './session.js'

/** One line about a failed command, with its code where that says more than the message. */
export function failureText(error: unknown): string {
  if (error instanceof CancelledError) return error.message
  const { code, message } = describeFailure(error)
  return code === 'USAGE' ? message : `${message} (${code})`
}
