import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

// The checker belongs to `npm run docs`, not to a package.
const checker = new URL('../../../../../docs/site/check-links.mjs', import.meta.url).href
const { brokenLinks } = (await import(checker)) as { brokenLinks: (folder: string) => string[] }

test('broken links of the site and links to the sources of pages are found', () => {
  const folder = mkdtempSync(join(tmpdir(), 'varve-site-'))
  try {
    mkdirSync(join(folder, 'pages'))
    writeFileSync(join(folder, 'pages/README.md'), '# A page')
    writeFileSync(join(folder, 'pages/b c.html'), '<h2 id="there">…</h2><a href="#no">…</a>')
    const links = ['pages/b%20c.html#there', 'https://example.org/no', '#', 'pages/README.md']
    links.push('pages/b%20c.html#gone', 'bench/results.md', 'pages', 'no.svg')
    writeFileSync(join(folder, 'index.html'), links.map((link) => `<a href="${link}">…</a>`).join())
    assert.deepEqual(brokenLinks(folder).sort(), [
      'index.html → bench/results.md',
      'index.html → no.svg',
      'index.html → pages',
      'index.html → pages/README.md',
      'index.html → pages/b%20c.html#gone',
      'pages/b c.html → #no',
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
