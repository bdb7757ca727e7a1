// Runs compiled test files under Node's test runner:
//   node scripts/test.mjs                all
//   node scripts/test.mjs memtable wal   those whose path contains an argument
//   node scripts/test.mjs --quick        all but those of slow-tests.txt
//   node scripts/test.mjs --long         the campaigns, in their long versions
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const flags = process.argv.slice(2).filter((word) => word.startsWith('--'))
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const [quick, long] = ['--quick', '--long'].map((flag) => flags.includes(flag))

const packages = ['varve', 'level', 'cli', 'keyv', 'unstorage', 'inspector']
const roots = [
  ...packages.map((name) => `packages/${name}/dist`),
  ...['packages/inspector/page/dist', 'demo/dist', 'examples/dist'],
]
const slowParts = readFileSync(new URL('slow-tests.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

const files = roots
  .flatMap((root) => readdirSync(root, { recursive: true }).map((name) => join(root, name)))
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.test.js'))
  // The compiler leaves the output of a source that has been moved or deleted since.
  .filter((file) => existsSync(file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => !quick || !slowParts.some((part) => file.includes(part)))
  .filter((file) => !long || readFileSync(file, 'utf8').includes('campaignSize('))
  .sort()

if (files.length === 0) {
  console.error(`no test file matches ${[...flags, ...wanted].join(' ')}`)
  process.exit(1)
}
const reporter = new URL('test-reporter.mjs', import.meta.url).href
const result = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-concurrency=2',
    `--test-reporter=${reporter}`,
    ...files,
  ],
  {
    stdio: 'inherit',
    env: { ...process.env, VARVE_INVARIANTS: '1', ...(long ? { VARVE_LONG_TESTS: '1' } : {}) },
  },
)
process.exit(result.status ?? 1)
