import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './testing/temporary.js'

// Packages that are written for Level, as they come from the registry. They are installed apart
// from the workspace, where `level` and `classic-level` are names for VarveLevel.

const folder = fileURLToPath(new URL('../consumers/', import.meta.url))
const skip =
  !existsSync(join(folder, 'node_modules')) &&
  'not installed: npm ci --ignore-scripts --prefix packages/level/consumers'

function passes(program: string, expected: RegExp, cwd: string): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, program)], {
    cwd,
    encoding: 'utf8',
    // The runner of these tests has its own channel to the child's runner.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  assert.equal(status, 0, stdout.slice(-3000) + stderr)
  assert.match(stdout, expected)
}

test('y-leveldb (Yjs): its own test program', { skip }, (t) => {
  const suite = 'node_modules/y-leveldb/dist/test.cjs'
  passes(suite, /\[6\/6\][^]*All tests successful/, temporaryFolder(t))
})

test('datastore-level (IPFS): the compliance suite of its interface', { skip }, (t) => {
  passes('datastore.mjs', /^# pass 4\d\n# fail 0$/m, temporaryFolder(t))
})

test('level-read-stream: streams of entries, keys and values', { skip }, (t) => {
  passes('read-stream.mjs', /^ok$/m, temporaryFolder(t))
})

test('search-index: a full-text index, built, asked, exported', { skip }, (t) => {
  passes('search-index.mjs', /^ok$/m, temporaryFolder(t))
})

test('quadstore: an RDF database over six indexes', { skip }, (t) => {
  passes('quadstore.mjs', /^ok$/m, temporaryFolder(t))
})
