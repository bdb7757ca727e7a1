// The packages as they would be published: their types and package.json, and the size of the
// engine.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import * as esbuild from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { pack, packageFolders } from './packed.mjs'

const compat = fileURLToPath(new URL('.', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'varve-packages-'))
after(() => rmSync(folder, { recursive: true, force: true }))

for (const [name, packageFolder] of Object.entries(packageFolders)) {
  test(`${name}: the tarball is complete; publint and @arethetypeswrong find nothing`, async () => {
    const tarball = pack(name, folder)
    const manifest = JSON.parse(readFileSync(join(compat, '..', packageFolder, 'package.json')))
    const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n')
    for (const file of ['README.md', 'LICENSE']) assert.ok(listed.includes(`package/${file}`), file)
    // What `varve/testing` exports belongs to the package.
    const exported = /bundle\/testing\.|testing\/(index|file-system-contract)\./
    const strange = listed.filter(
      (path) => /test|tsbuildinfo|tsconfig/.test(path) && !exported.test(path),
    )
    assert.deepEqual(strange, [])
    const bytes = readFileSync(tarball)
    const { messages } = await publint({
      pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
      strict: true,
    })
    assert.deepEqual(
      messages.map((message) => formatMessage(message, manifest, { color: false })),
      [],
    )
    const attw = join(compat, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    // ESM only: require() of it works in every Node that is supported.
    const args = [attw, tarball, '--profile', 'esm-only', '--no-color', '--no-emoji']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  })
}

/**
 * All code of the engine, that of the worker included and counted once. Raised only knowingly. LZ4
 * takes 5 KB of it: a WebAssembly module, and TypeScript that replaces it where it cannot run.
 */
const limitBytes = 123_000

test('the engine and its worker, minified and gzipped, keep to their size', async (t) => {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: join(compat, '../packages/varve/dist'),
    entryPoints: ['./index.js', './compaction/executors/varve-worker.js'],
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    write: false,
  })
  const sizes = outputFiles.map(({ contents }) => gzipSync(contents, { level: 9 }).length)
  const sum = sizes.reduce((a, b) => a + b)
  t.diagnostic(`${sum} bytes in ${sizes.length} files`)
  assert.ok(sum < limitBytes, `${sum} bytes`)
})

const pageLimitBytes = 250_000

test("the inspector's page keeps to its size and asks no other host", (t) => {
  const page = join(compat, '../packages/inspector/dist/page')
  const files = ['index.html', 'inspector.js', 'inspector.css'].map((name) =>
    readFileSync(join(page, name)),
  )
  const sum = files.reduce((total, file) => total + gzipSync(file, { level: 9 }).length, 0)
  t.diagnostic(`${sum} bytes`)
  assert.ok(sum < pageLimitBytes, `${sum} bytes`)
  const [html, , css] = files.map(String)
  assert.doesNotMatch(html + css, /(?:src|href)="[a-z]+:\/\/|url\(["']?[a-z]+:\/\//)
})
