// The packages as `npm publish` would send them, in a folder in which a project can install them.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Folder of each published package. */
export const packageFolders = {
  varve: 'packages/varve',
  '@varve/level': 'packages/level',
  '@varve/cli': 'packages/cli',
  '@varve/keyv': 'packages/keyv',
  '@varve/unstorage': 'packages/unstorage',
  '@varve/inspector': 'packages/inspector',
}

/** Packs the package `name` into `folder`; the path of the tarball. */
export function pack(name, folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const output = execFileSync('npm', args, {
    cwd: join(root, packageFolders[name]),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return join(folder, JSON.parse(output)[0].filename)
}

/**
 * Puts the packed packages `names` into `project`/node_modules, and what else they need from the
 * workspace.
 */
export function install(project, names, borrowed = []) {
  mkdirSync(project, { recursive: true })
  // Without one, resolution goes on in the folders above, and takes files found there for the
  // project.
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n')
  for (const name of names) {
    const target = join(project, 'node_modules', name)
    mkdirSync(target, { recursive: true })
    execFileSync('tar', ['-xzf', pack(name, project), '--strip-components=1', '-C', target])
  }
  for (const name of borrowed) {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name))
  }
}
