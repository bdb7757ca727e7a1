// Bundles the inspector's page into packages/inspector/dist/page: three files that need no network.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const inspector = fileURLToPath(new URL('../packages/inspector', import.meta.url))
const page = join(inspector, 'page')
const outdir = join(inspector, 'dist/page')

mkdirSync(outdir, { recursive: true })
copyFileSync(join(page, 'index.html'), join(outdir, 'index.html'))
await build({
  absWorkingDir: page,
  entryPoints: { inspector: 'src/main.tsx' },
  outdir,
  bundle: true,
  minify: true,
  platform: 'browser',
  target: ['chrome120', 'firefox120', 'safari17'],
  format: 'esm',
  logLevel: 'warning',
})
await build({
  absWorkingDir: page,
  entryPoints: { inspector: 'styles/inspector.css' },
  outdir,
  bundle: true,
  minify: true,
  target: ['chrome120', 'firefox120', 'safari17'],
  logLevel: 'warning',
})
