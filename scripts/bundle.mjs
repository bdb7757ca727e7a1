// Bundles the engine's entries into packages/varve/dist/bundle. A process then loads two files
// instead of 150, which takes a quarter of the time. Types and tests use the files of tsc.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('../packages/varve/dist', import.meta.url))
// The names of chunks change with their contents.
rmSync(join(dist, 'bundle'), { recursive: true, force: true })

await build({
  absWorkingDir: dist,
  entryPoints: {
    varve: 'index.js',
    metrics: 'metrics/index.js',
    testing: 'testing/index.js',
    tools: 'tools/index.js',
    // `node-worker.ts` looks for this name beside the code.
    'varve-worker': 'compaction/executors/varve-worker.js',
  },
  outdir: 'bundle',
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})
