import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { problemsInMarkdown, problemsInSource } from './prose-check.js'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const maxColumns = 100

/** Files whose text is data: quotes from others, or the phrases themselves. */
const excluded = /^packages\/varve\/src\/testing\/house\/prose|^bench\/results\/|package-lock/

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|mjs|md)$/.test(file) && !excluded.test(file))

test('prose is plain English', () => {
  const problems = files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const found = file.endsWith('.md') ? problemsInMarkdown(text) : problemsInSource(text)
    return found.map(({ line, found, instead }) => `${file}:${line} "${found}": ${instead}`)
  })
  assert.deepEqual(problems, [])
})

test('lines of source have at most 100 columns', () => {
  const wide = files
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, i) => ([...line].length > maxColumns ? [`${file}:${i + 1}`] : [])),
    )
  assert.deepEqual(wide, [])
})

test('cells of Markdown tables have at most 160 characters', () => {
  const wide = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, i) => {
          if (!line.startsWith('|')) return []
          const cells = line.split('|').map((cell) => cell.trim())
          return cells.some((cell) => [...cell].length > 160) ? [`${file}:${i + 1}`] : []
        }),
    )
  assert.deepEqual(wide, [])
})

test('tell-tale phrases are found in comments, strings and pages, but not in code', () => {
  const source = "// It stands behind it.\nconst message = 'who waits is told'\nbehind(1) // fine\n"
  assert.deepEqual([...new Set(problemsInSource(source).map(({ line }) => line))], [1, 2])
  assert.deepEqual(problemsInMarkdown('`behind`\n\n```ts\n// anew\n```\n'), [])
  assert.equal(problemsInMarkdown('Read it anew.')[0].found, 'anew')
})
