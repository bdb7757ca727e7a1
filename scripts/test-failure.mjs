// How the test reporter shows one failure.
import { relative } from 'node:path'
import { inspect } from 'node:util'

const maxErrorLines = 60
const maxCauses = 4

/** The file, the test, the error, the seed where one is named, and the command that repeats it. */
export function formatFailure(file, names, error) {
  const title = names.length === 0 ? 'the file failed' : names.join(' › ')
  const text = textOf(error?.cause ?? error)
  const seed = seedIn([...names, text].join('\n'))
  return [
    `\n✗ ${file}\n  ${title}\n`,
    seed === undefined ? '' : `  seed ${seed}\n`,
    ...shortened(text).map((line) => `    ${line}\n`),
    `  repeat: npm run build && node scripts/test.mjs ${pathPart(file)}\n`,
  ].join('')
}

/** What selects this test on the command line: its path without an extension, in `dist`. */
function pathPart(file) {
  return file.replace(/\.test\.ts$/, '').replace('/src/', '/dist/')
}

/** The source of a compiled test, relative to the working directory. */
export function sourceOf(file) {
  const source = file.replace(/([\\/])dist([\\/].*)\.js$/, '$1src$2.ts')
  return relative('', source).replaceAll('\\', '/')
}

export function formatDuration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** The error with its stack, without the frames of Node itself, and with its causes. */
function textOf(error, causes = 0) {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : inspect(error)
  const stack = (error.stack ?? String(error))
    .split('\n')
    .filter((line) => !/^ +at .*\bnode:/.test(line))
  // A stack is as it was when the error was made; the message may have been extended since.
  const lines = stack.join('\n').includes(error.message) ? stack : [String(error), ...stack]
  if (error.cause === undefined || causes === maxCauses) return lines.join('\n')
  return `${lines.join('\n')}\ncaused by: ${textOf(error.cause, causes + 1)}`
}

function seedIn(text) {
  return /(?:\b|_)seed["']?[ :=]+(-?\d+)/i.exec(text)?.[1]
}

function shortened(text) {
  const lines = text.split('\n')
  if (lines.length <= maxErrorLines) return lines
  return [...lines.slice(0, maxErrorLines), `… ${lines.length - maxErrorLines} more lines`]
}
