import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { open, VarveError } from '../../index.js'
import { optionsPage } from './options-page.js'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const sources = join(root, 'packages/varve/src')
const page = optionsPage(
  join(sources, 'db/api.ts'),
  join(sources, 'compaction/pickers/compaction-options.ts'),
)

test('docs/OPTIONS.md matches the doc comments', () => {
  const path = join(root, 'docs/OPTIONS.md')
  if (process.env['VARVE_UPDATE_GOLDENS'] === '1') writeFileSync(path, page)
  assert.equal(readFileSync(path, 'utf8'), page, 'regenerate the page with VARVE_UPDATE_GOLDENS=1')
})

test('the page lists exactly the options that open accepts', async () => {
  const options = { noSuchOption: true } as object
  const refusal = await open('never', options).catch((error: unknown) => error)
  assert.ok(refusal instanceof VarveError)
  const names = refusal.message.split('known: ')[1].split(', ')
  const documented = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name)
  assert.deepEqual(documented.sort(), names.sort())
})

test('every option has a default', () => {
  const entries = page.split(/^###+ /m).slice(1)
  const without = entries.filter((entry) => entry.startsWith('`') && !/default/i.test(entry))
  assert.deepEqual(without, [])
})
