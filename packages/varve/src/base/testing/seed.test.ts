import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { repeatCommand, seedFrom } from './seed.js'

test('VARVE_SEED is a whole number or unset', () => {
  assert.equal(seedFrom({}), undefined)
  assert.equal(seedFrom({ VARVE_SEED: '' }), undefined)
  assert.equal(seedFrom({ VARVE_SEED: '0' }), 0)
  assert.equal(seedFrom({ VARVE_SEED: '17' }), 17)
  for (const wrong of ['x', '-1', '1.5', '1e99'])
    assert.throws(() => seedFrom({ VARVE_SEED: wrong }), /VARVE_SEED is '.*': set it to a whole/)
})

test('the command names the seed and the file, on every platform', () => {
  const command = 'VARVE_SEED=3 node scripts/test.mjs packages/cli/dist/a.test.js'
  assert.equal(repeatCommand(3, '/home/me/varve/packages/cli/dist/a.test.js'), command)
  assert.equal(repeatCommand(3, 'C:\\varve\\packages\\cli\\dist\\a.test.js'), command)
})

test('a failing file prints the command with the failing seed, and that seed fails again', (t) => {
  const body = 'for (const seed of seeds(9)) if (seed === 4) throw new Error(`seed ${seed}`)'
  const first = runFile(t, body)
  assert.equal(first.status, 1)
  assert.match(
    first.stderr,
    /repeat with: VARVE_SEED=4 node scripts\/test\.mjs .*file\.test\.js\n$/,
  )
  const again = runFile(t, `${body}; assert.fail('not reached')`, { VARVE_SEED: '4' })
  assert.match(again.stdout, /seed 4\b/)
})

test('a file that passes prints no command', (t) => {
  const { status, stderr } = runFile(
    t,
    'firstSeed(5); for (const seed of seeds(3)) assert.ok(seed)',
  )
  assert.deepEqual([status, stderr], [0, ''])
})

test('properties of fast-check run with VARVE_SEED', (t) => {
  const body = 'fc.assert(fc.property(fc.integer(), () => false))'
  const { stdout, stderr } = runFile(t, body, { VARVE_SEED: '99' })
  assert.match(stdout, /seed: 99/)
  assert.match(stderr, /repeat with: VARVE_SEED=99 /)
})

/** Runs a test file with one test, in Node: other runtimes use their own reporters. */
function runFile(t: TestContext, body: string, env: NodeJS.ProcessEnv = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'varve-seed-'))
  const path = join(folder, 'file.test.js')
  const moduleUrl = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    path,
    `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstSeed, seeds } from ${moduleUrl('./seed.js')}
import { fc } from ${moduleUrl('./fast-check.js')}
test('random', () => { ${body} })`,
  )
  t.after(() => rmSync(folder, { recursive: true }))
  return spawnSync('node', [path], {
    encoding: 'utf8',
    env: { ...process.env, VARVE_SEED: '', NODE_TEST_CONTEXT: undefined, ...env },
  })
}
