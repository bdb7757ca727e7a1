import type * as Published from '../../../index.js'
import type { BinaryDatabase } from '../../harness/comparison.js'

/** The published files, which take 17 MiB less than the modules that they are made of. */
const path = new URL('../../../bundle/varve.js', import.meta.url).href
const { open, VarveError } = (await import(path)) as typeof Published
export { VarveError }

type Options = Published.OpenOptions

export function openBinary(directory: string, options: Options): Promise<BinaryDatabase> {
  return open(directory, { ...options, keyEncoding: 'binary', valueEncoding: 'binary' })
}
