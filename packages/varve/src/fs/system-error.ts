import { ioError, type VarveError } from '../base/errors.js'

/** The error of a failed operation, for file systems that simulate the operating system's. */
export function systemError(operation: string, path: string, systemCode: string): VarveError {
  const cause = Object.assign(new Error(`${systemCode}: ${operation} ${path}`), {
    code: systemCode,
  })
  return ioError(operation, path, cause)
}
