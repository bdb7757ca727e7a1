// Varve after bundling, under require(), and inside of an executable, each for real: an application
// writes through the background thread and reads back. Before it runs, the package that it was made
// of is gone.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import nodeResolve from '@rollup/plugin-node-resolve'
import * as esbuild from 'esbuild'
import { inject } from 'postject'
import { rollup } from 'rollup'
import webpack from 'webpack'
import { install } from './packed.mjs'

const compat = fileURLToPath(new URL('.', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'varve-bundles-'))
const project = join(folder, 'project')
const app = join(project, 'app.mjs')

before(() => {
  install(project, ['varve', '@varve/level'], ['abstract-level', 'level-supports'])
  copyFileSync(join(compat, 'app.mjs'), app)
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `args` in a folder of its own, without the project in sight; what the application told. */
function run(name, program, args) {
  const hidden = join(folder, 'hidden')
  execFileSync('mv', [project, hidden])
  try {
    const path = join(folder, `${name}-data`)
    const { status, stdout, stderr } = spawnSync(program, [...args, path], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
    })
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout)
  } finally {
    execFileSync('mv', [hidden, project])
  }
}

function outputFolder(name) {
  const out = join(folder, name)
  mkdirSync(out)
  return out
}

function assertWorked({ right, flushes, compactions }) {
  assert.equal(right, 5000)
  assert.ok(flushes > 3 && compactions > 0, `${flushes} flushes, ${compactions} compactions`)
}

const entries = { app, 'varve-worker': 'varve/worker' }

async function buildWithEsbuild(out, format, extension) {
  const { warnings } = await esbuild.build({
    absWorkingDir: project,
    entryPoints: entries,
    outdir: out,
    outExtension: { '.js': extension },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format,
    // In CommonJS there is no import.meta, which is known here, and no mistake.
    logOverride: { 'empty-import-meta': 'silent' },
  })
  assert.deepEqual(warnings, [])
  return join(out, `app${extension}`)
}

async function buildWithRollup(out, format) {
  const warnings = []
  const bundle = await rollup({
    input: entries,
    external: /^node:/,
    plugins: [nodeResolve({ rootDir: project, preferBuiltins: true })],
    onwarn: (warning) => warnings.push(warning.message),
  })
  const extension = format === 'esm' ? 'mjs' : 'cjs'
  await bundle.write({ dir: out, format, entryFileNames: `[name].${extension}` })
  await bundle.close()
  assert.deepEqual(warnings, [])
  return join(out, `app.${extension}`)
}

async function buildWithWebpack(out, format) {
  const isModule = format === 'esm'
  const compiler = webpack({
    mode: 'production',
    target: 'node20',
    context: project,
    entry: entries,
    output: {
      path: out,
      filename: isModule ? '[name].mjs' : '[name].cjs',
      chunkFormat: isModule ? 'module' : 'commonjs',
      ...(isModule && { module: true, library: { type: 'module' } }),
    },
    ...(isModule && { experiments: { outputModule: true } }),
  })
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, result) => (error ? reject(error) : resolve(result))),
  )
  await new Promise((resolve) => compiler.close(resolve))
  assert.deepEqual(stats.toJson({ errors: true, warnings: true }).errors, [])
  assert.deepEqual(stats.toJson({ errors: true, warnings: true }).warnings, [])
  return join(out, isModule ? 'app.mjs' : 'app.cjs')
}

/** Runs `program` as it was built, and again without the worker's file. */
function assertRuns(name, program, args, out) {
  const result = run(name, program, args)
  assertWorked(result)
  assert.deepEqual(result.warnings, [])
  for (const file of readdirSync(out)) if (file.startsWith('varve-worker.')) rmSync(join(out, file))
  const inline = run(`${name}-inline`, program, args)
  assertWorked(inline)
  assert.match(
    inline.warnings.join(),
    /^a background thread could not be started, .* on the calling thread.*worker\.js is missing/,
  )
}

for (const [format, extension] of [
  ['esm', '.mjs'],
  ['cjs', '.cjs'],
  ['cjs', '.js'],
]) {
  test(`esbuild, ${format} as ${extension}, with the worker and without`, async () => {
    const out = outputFolder(`esbuild-${format}${extension}`)
    const file = await buildWithEsbuild(out, format, extension)
    assertRuns(basename(out), process.execPath, [file], out)
  })
}

for (const [bundler, build] of [
  ['rollup', buildWithRollup],
  ['webpack', buildWithWebpack],
]) {
  for (const format of ['esm', 'cjs']) {
    test(`${bundler}, ${format}, with the worker and without`, async () => {
      const out = outputFolder(`${bundler}-${format}`)
      const file = await build(out, format)
      assertRuns(basename(out), process.execPath, [file], out)
    })
  }
}

test('require() of varve and @varve/level', () => {
  writeFileSync(
    join(project, 'require.cjs'),
    `const { open, VarveError } = require('varve')
    const { verify } = require('varve/tools')
    const { VarveLevel } = require('@varve/level')
    async function main(path) {
      const db = await open(path, { memtableBytes: 65536 })
      const warnings = []
      db.on('warning', (warning) => warnings.push(warning.message))
      for (let i = 0; i < 3000; i++) db.putSync('k' + i, 'value '.repeat(30))
      await db.close()
      const { problems } = await verify(path)
      const level = new VarveLevel(path)
      const value = await level.get('k7')
      await level.close()
      console.log(JSON.stringify({ problems, warnings, value, hasClass: typeof VarveError }))
    }
    main(process.argv[2])`,
  )
  const path = join(folder, 'require-data')
  const output = execFileSync(process.execPath, [join(project, 'require.cjs'), path], {
    encoding: 'utf8',
    // Node 20 and 22 print a notice about require() of a module.
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  assert.deepEqual(JSON.parse(output), {
    problems: [],
    warnings: [],
    value: 'value '.repeat(30),
    hasClass: 'function',
  })
})

for (const major of ['20', '24', '26']) {
  const node = join(compat, `node_modules/node-${major}/bin/node`)
  test(`a single executable of Node ${major}, with the worker beside it and without`, async () => {
    assert.ok(existsSync(node))
    const out = outputFolder(`executable-${major}`)
    await buildWithEsbuild(out, 'cjs', '.js')
    const executable = join(out, 'app')
    await makeExecutable(node, out, executable)
    assertRuns(basename(out), executable, [], out)
    rmSync(executable)
  })
}

async function makeExecutable(node, out, executable) {
  const config = join(out, 'sea.json')
  const blob = join(out, 'app.blob')
  const settings = { main: join(out, 'app.js'), output: blob, disableExperimentalSEAWarning: true }
  writeFileSync(config, JSON.stringify(settings))
  execFileSync(node, ['--experimental-sea-config', config], { stdio: 'ignore' })
  copyFileSync(node, executable)
  chmodSync(executable, 0o755)
  await inject(executable, 'NODE_SEA_BLOB', readFileSync(blob), {
    sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  })
}
