// The suites that other projects publish for their adapters, run on the adapters for Varve.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const compat = fileURLToPath(new URL('.', import.meta.url))

test('@varve/keyv: the suite of Keyv, with Keyv 5 and Keyv 6', () => {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--no-color', 'keyv.spec.mjs']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: compat,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /Tests +82 passed \| 2 skipped \(84\)/)
})
