import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../exit-code.js'

/**
 * Loads a package with native code that only the import of one format needs: it is not
 * installed with this one. It is looked for from the working directory, then beside this package.
 */
export function loadPeer(name: string, from: string): unknown {
  for (const base of [pathToFileURL(join(process.cwd(), 'any.js')), import.meta.url]) {
    const require = createRequire(base)
    if (canResolve(require, name)) return require(name) as unknown
  }
  throw new UsageError(
    `import --from ${from} reads with the package ${name}, which is not installed here: ` +
      `npm install ${name}`,
  )
}

function canResolve(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return false
    throw error
  }
}
