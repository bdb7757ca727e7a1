import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

const recipes = readdirSync(join(root, 'docs/recipes')).map((name) => `docs/recipes/${name}`)
const pages = [...recipes, 'docs/WATCHING.md', 'docs/PROCESSES.md']

/**
 * A page shows a file, or what its program prints, in the block that follows a comment which names
 * it.
 */
const block = /(<!-- (output of )?(examples\/\S+) -->\n\n```(?:ts|text)\n)[^]*?(```\n)/g

for (const page of pages) {
  test(`${page} shows programs as they are, and what they print`, () => {
    const text = readFileSync(join(root, page), 'utf8')
    const shown = text.replace(
      block,
      (_, head: string, output: unknown, file: string, end: string) => {
        const content =
          output === undefined ? readFileSync(join(root, file), 'utf8') : printedBy(file)
        return head + content + end
      },
    )
    if (process.env['VARVE_UPDATE_GOLDENS'] === '1') writeFileSync(join(root, page), shown)
    else assert.equal(text, shown)
  })
}

test('every recipe shows what its program prints', () => {
  for (const page of recipes.filter((name) => !name.endsWith('README.md'))) {
    assert.match(readFileSync(join(root, page), 'utf8'), /<!-- output of [^]*```text\n.+\n/, page)
  }
})

test('every example is on a page', () => {
  const shown = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('')
  const files = readdirSync(join(root, 'examples/src'), { recursive: true, encoding: 'utf8' })
    .map((name) => `examples/src/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(name))
  assert.ok(files.length > 12)
  assert.deepEqual(
    files.filter((file) => !shown.includes(`<!-- ${file} -->`)),
    [],
  )
})

function printedBy(file: string): string {
  const program = join(root, file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'))
  const folder = mkdtempSync(join(tmpdir(), 'varve-recipe-'))
  try {
    const run = spawnSync(process.execPath, [program], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
    })
    assert.equal(run.stderr, '')
    assert.equal(run.status, 0)
    return run.stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}
