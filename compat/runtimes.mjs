// Runs the engine's tests on every Node that Varve supports, and a smoke suite on Bun and Deno:
// `npm run test:runtimes`, or some of them: `npm run test:runtimes -- bun 26`.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const installed = join(root, 'compat/node_modules')

const smoke = 'compat/smoke.mjs'
const denoRun = ['run', '--allow-all']

/**
 * The engine's tests of what runtimes do differently; those of Bun and Deno themselves know
 * node:test.
 */
const tests = ['base', 'fs', 'memtable', 'compaction', 'wal'].map(
  (name) => `./packages/varve/dist/${name}/`,
)

const runtimes = [
  ...['20', '22', '24', '26'].map((major) => ({
    name: `node ${major}`,
    program: join(installed, `node-${major}/bin/node`),
    runs: [{ args: ['scripts/test.mjs', 'packages/varve/'], count: /^(\d+) passed/m }],
  })),
  {
    name: 'bun',
    program: join(installed, '@oven/bun-linux-x64/bin/bun'),
    runs: [
      { args: [smoke], count: /^ok /gm },
      { args: ['test', '--timeout=120000', ...tests], count: /^ (\d+) pass$/m },
    ],
  },
  {
    name: 'deno',
    program: join(installed, '@deno/linux-x64-glibc/deno'),
    env: { SMOKE_FLAGS: JSON.stringify(denoRun), NO_COLOR: '1' },
    runs: [
      { args: [...denoRun, smoke], count: /^ok /gm },
      { args: ['test', '--allow-all', '--no-check', ...tests], count: /^ok \| (\d+) passed/m },
    ],
  },
]

/** Longer than any of them takes on a slow machine. */
const limitMs = 15 * 60_000

const wanted = process.argv.slice(2)
const chosen = runtimes.filter(({ name }) =>
  wanted.length > 0 ? wanted.some((word) => name.includes(word)) : !isRunning(name),
)
if (chosen.length === 0) fail(`no runtime matches ${wanted.join(' ')}`)
for (const runtime of chosen) run(runtime)

/** The Node that runs this ran the tests already, with `npm test`. */
function isRunning(name) {
  return name === `node ${process.versions.node.split('.')[0]}`
}

function run({ name, program, env, runs }) {
  if (!existsSync(program))
    fail(`${name} is not installed: npm ci --ignore-scripts --prefix compat`)
  const started = performance.now()
  const passed = runs.map(({ args, count }) => {
    const { status, signal, stdout, stderr } = spawnSync(program, args, {
      cwd: root,
      encoding: 'utf8',
      timeout: limitMs,
      maxBuffer: 256 * 1024 * 1024,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, VARVE_INVARIANTS: '1', ...env },
    })
    // Bun reports on stderr.
    const output = stdout + stderr
    const number = Number(count.global ? output.match(count)?.length : count.exec(output)?.[1])
    if (status === 0 && number > 0) return number
    return fail(`${output.slice(-20_000)}\n${name} ${args[0]} failed (${signal ?? status})`)
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(`${versionOf(program)}: ${passed.join(' + ')} tests passed in ${seconds} s`)
}

function versionOf(program) {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  const [, version] = /(\d+\.\d+\.\d+)/.exec(stdout)
  return `${program.split('/').at(-1)} ${version}`
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
