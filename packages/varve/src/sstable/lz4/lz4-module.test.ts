import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../../../', import.meta.url)

interface Generator {
  readonly compiledModule: () => Promise<Buffer>
  readonly sourceOf: (module: Buffer) => string
}

test('lz4-module.ts is what the compiler makes of wasm/lz4.ts', async () => {
  const path = new URL('scripts/build-lz4.mjs', root).href
  const { compiledModule, sourceOf } = (await import(path)) as Generator
  const source = fileURLToPath(new URL('packages/varve/src/sstable/lz4/lz4-module.ts', root))
  const message = 'run npm run build:lz4'
  assert.equal(readFileSync(source, 'utf8'), sourceOf(await compiledModule()), message)
})
