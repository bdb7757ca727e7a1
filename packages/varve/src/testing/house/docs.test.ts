import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { expiryBytes, readExpiry } from '../../key/expiry.js'
import { ValueKind } from '../../key/value-kind.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { replayLogs } from '../../wal/replay.js'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'packages/varve/README.md',
  'packages/cli/README.md',
  'packages/level/README.md',
  'packages/keyv/README.md',
  'packages/unstorage/README.md',
  'packages/inspector/README.md',
  ...pagesIn('docs'),
  ...pagesIn('docs/formats'),
  ...pagesIn('docs/recipes'),
]

/** The folders to which a path on a page may be relative. */
const bases = ['.', 'packages/varve', 'packages/varve/src']

for (const page of pages) {
  test(`${page} names only files and headings that exist`, () => {
    const text = readFileSync(join(root, page), 'utf8')
    assert.deepEqual([...brokenLinks(page, text), ...strangePaths(text)], [])
  })
}

test("links of a package's README stay within the package, so that they work on npm", () => {
  const outside = pages
    .filter((page) => page.startsWith('packages/'))
    .flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8')
      return [...text.matchAll(/\]\((\.\.\/[^)]*)\)/g)].map(([, target]) => `${page}: ${target}`)
    })
  assert.deepEqual(outside, [])
})

test('missing links, headings and paths are found', () => {
  const text =
    'see [a](no.md), [b](README.md#no), [c](README.md); `db/no.ts`, src/no/, db/api.ts, *.ts'
  assert.deepEqual(brokenLinks('README.md', text), ['no.md', 'README.md#no'])
  assert.deepEqual(strangePaths(text), ['db/no.ts', 'src/no/'])
})

test('the example log in docs/formats/wal.md is valid', () => {
  const page = readFileSync(join(root, 'docs/formats/wal.md'), 'utf8')
  const rows = [...page.matchAll(/^ +(\d+) {2}((?:[0-9a-f]{2} )+)/gm)]
  const bytes = Buffer.concat(rows.map(([, , hex]) => Buffer.from(hex.replaceAll(' ', ''), 'hex')))
  const fs = new MemoryFileSystem()
  fs.create('/7').append(bytes, 0, bytes.length)
  const seen: string[] = []
  const result = replayLogs(fs, [{ logNumber: 7, path: '/7' }], (group) => {
    while (group.next()) {
      const { kind, sequence, keyStart, keyEnd, valueEnd } = group
      const [key, value] = [
        group.bytes.subarray(keyStart, keyEnd),
        group.bytes.subarray(keyEnd, valueEnd),
      ]
      const expires = kind === ValueKind.putWithExpiry
      const moment = expires ? `${new Date(readExpiry(value, 0)).toISOString()} ` : ''
      const given = value.subarray(expires ? expiryBytes : 0)
      seen.push(`#${sequence} ${kind} ${key.toString()} ${moment}${given.toString()}`)
    }
  })
  assert.deepEqual(seen, [
    '#100 1 key value',
    '#101 0 old ',
    '#102 2 a c',
    '#103 4 x 2024-01-01T00:00:01.000Z y',
  ])
  assert.equal(result.last?.sizeBytes, bytes.length)
})

function pagesIn(folder: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'))
  return names.map((name) => `${folder}/${name}`)
}

function brokenLinks(page: string, text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [path, heading] = target.split('#')
    const file = path === '' ? join(root, page) : join(root, dirname(page), path)
    if (!existsSync(file)) return true
    return heading !== undefined && !headingsOf(readFileSync(file, 'utf8')).includes(heading)
  })
}

/** The anchors that GitHub gives to the headings of a page. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Paths of source files, and of folders under `src/`, outside links. */
function strangePaths(text: string): string[] {
  const prose = text.replace(/\]\([^)]*\)/g, ']')
  const paths = prose.match(/(?<![\w./*@-])(?:[\w-]+\/)*(?:src\/[\w./-]*|[\w.-]+\.m?ts\b)/g) ?? []
  return paths.filter((path) => !bases.some((base) => existsSync(join(root, base, path))))
}
