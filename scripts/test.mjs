// Runs every compiled test file under Node's test runner, or those whose path contains an argument:
// `node scripts/test.mjs memtable wal`.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const wanted = process.argv.slice(2)
const packages = ['varve', 'level', 'cli', 'keyv', 'unstorage']
const roots = [...packages.map((name) => `packages/${name}/dist`), 'demo/dist', 'examples/dist']

const files = roots
  .flatMap((root) => readdirSync(root, { recursive: true }).map((name) => join(root, name)))
  .filter((file) => file.endsWith('.test.js'))
  // The compiler leaves behind what it made of a source that has been moved or deleted since.
  .filter((file) => existsSync(file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()

if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`)
  process.exit(1)
}
const result = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-concurrency=2', ...files],
  { stdio: 'inherit', env: { ...process.env, VARVE_INVARIANTS: '1' } },
)
process.exit(result.status ?? 1)
