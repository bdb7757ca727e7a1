import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))

test('the report is short and shows each failure with its file, name, error and seed', () => {
  const report = reportOf({
    'good.test.mjs': `
      for (let i = 0; i < 100; i++) test('passes ' + i, () => {})
      test('left out', { skip: true }, () => {})`,
    'bad.test.mjs': `
      console.log('printed by the file')
      test('parent', async (t) => {
        await t.test('child', () => {
          throw new Error('failed with VARVE_SEED=17', { cause: new Error('the root of it') })
        })
      })`,
    'exits.test.mjs': `process.exit(3)`,
  })
  assert.match(report, /✗ bad\.test\.mjs\n {2}parent › child\n {2}seed 17\n {4}Error: failed with/)
  assert.match(report, /caused by: Error: the root of it/)
  assert.match(report, /bad\.test\.mjs wrote:\n {2}printed by the file/)
  assert.match(report, /✗ exits\.test\.mjs\n {2}the file failed/)
  assert.match(report, /slowest files:\n( +\d.* \S+\.test\.mjs\n){3}/)
  assert.match(report, /\n100 passed, 3 failed, 1 skipped\n$/)
  assert.doesNotMatch(report, /passes 1|node:internal/)
})

test('a run without failures prints dots, the slowest files and the totals', () => {
  const report = reportOf({
    'a.test.mjs': `test('a', () => {})`,
    'b.test.mjs': `test('b', { todo: true }, () => { throw new Error('later') })`,
  })
  assert.match(
    report,
    /^\.\.\n\nslowest files:\n.*\n.*\n\n2 files in .*\n1 passed, 0 failed, 1 skipped\n$/,
  )
})

test('every line of scripts/slow-tests.txt names a test file', () => {
  const lines = readFileSync(join(root, 'scripts/slow-tests.txt'), 'utf8').trim().split('\n')
  const parts = lines.filter((line) => !line.startsWith('#'))
  const files = ['packages', 'demo', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((name) => name.includes('/src/') && name.endsWith('.test.ts'))
      .map((name) => name.replace('/src/', '/dist/')),
  )
  assert.deepEqual(
    parts.filter((part) => !files.some((file) => file.includes(part))),
    [],
  )
})

/** Returns the report on test files with these bodies. */
function reportOf(bodies: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-reporter-'))
  try {
    for (const [name, body] of Object.entries(bodies)) {
      writeFileSync(join(folder, name), `import { test } from 'node:test'\n${body}\n`)
    }
    const reporter = join(root, 'scripts/test-reporter.mjs')
    // Otherwise the runner would act as a child of this test's run.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const run = spawnSync(
      process.execPath,
      ['--test', `--test-reporter=${reporter}`, ...Object.keys(bodies)],
      { cwd: folder, env, encoding: 'utf8' },
    )
    assert.equal(run.stderr, '')
    return run.stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}
