// A short report for Node's test runner: a dot for each file, each failure in full, the slowest
// files, and the totals. Use: `node --test --test-reporter ./scripts/test-reporter.mjs FILES`.
import { resolve } from 'node:path'
import { formatDuration, formatFailure, sourceOf } from './test-failure.mjs'

const dotsPerLine = 80
const slowestFiles = 10

/** Lines of a failing file's own output that are shown; the rest is dropped. */
const maxOutputLines = 40

export default async function* report(events) {
  const startMs = performance.now()
  const run = new Run()
  for await (const { type, data } of events) yield run.take(type, data)
  yield run.summary(performance.now() - startMs)
}

/** What one run of the test runner has reported so far. */
class Run {
  #passed = 0
  #failed = 0
  #skipped = 0
  #column = 0
  /** File → milliseconds. */
  #durations = new Map()
  /** File → the names of the tests that are being reported, outermost first. */
  #names = new Map()
  /** File → the last lines that it wrote. */
  #output = new Map()
  #failedFiles = new Set()

  /** Returns the text that this event adds to the report. */
  take(type, data) {
    switch (type) {
      case 'test:start':
        this.#namesOf(data).splice(data.nesting, Infinity, data.name)
        return ''
      case 'test:complete':
        return isFile(data) ? this.#endFile(data) : ''
      case 'test:pass':
        return this.#pass(data)
      case 'test:fail':
        return this.#fail(data)
      case 'test:stdout':
      case 'test:stderr':
        this.#keepOutput(data)
        return ''
      default:
        return ''
    }
  }

  summary(durationMs) {
    return [
      this.#column > 0 ? '\n' : '',
      this.#outputOfFailedFiles(),
      this.#slowest(),
      `${this.#durations.size} files in ${formatDuration(durationMs)}\n`,
      `${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped\n`,
    ].join('')
  }

  #endFile(data) {
    this.#durations.set(sourceOf(data.file), data.details.duration_ms)
    if (++this.#column < dotsPerLine) return '.'
    this.#column = 0
    return '.\n'
  }

  #pass(data) {
    if (data.details.type === 'suite') return ''
    if (data.skip === undefined && data.todo === undefined) this.#passed++
    else this.#skipped++
    return ''
  }

  #fail(data) {
    if (data.todo !== undefined) {
      this.#skipped++
      return ''
    }
    // A parent fails with its children, which have been reported.
    const ofChild = data.details.error?.failureType === 'subtestsFailed'
    if (data.details.type !== 'suite' || !ofChild) this.#failed++
    if (ofChild) return ''
    const file = sourceOf(data.file ?? data.name)
    this.#failedFiles.add(file)
    const lineEnd = this.#column > 0 ? '\n' : ''
    this.#column = 0
    const names = isFile(data) ? [] : [...this.#namesOf(data).slice(0, data.nesting), data.name]
    return lineEnd + formatFailure(file, names, data.details.error)
  }

  #namesOf({ file }) {
    const names = this.#names.get(file) ?? []
    this.#names.set(file, names)
    return names
  }

  #keepOutput({ file, message }) {
    const lines = this.#output.get(sourceOf(file)) ?? []
    lines.push(...message.split('\n').filter((line) => line !== ''))
    this.#output.set(sourceOf(file), lines.slice(-maxOutputLines))
  }

  #outputOfFailedFiles() {
    return [...this.#failedFiles]
      .filter((file) => this.#output.has(file))
      .map((file) => `\n${file} wrote:\n${indent(this.#output.get(file))}`)
      .join('')
  }

  #slowest() {
    const slowest = [...this.#durations].sort(([, a], [, b]) => b - a).slice(0, slowestFiles)
    if (slowest.length < 2) return ''
    const lines = slowest.map(([file, ms]) => `${formatDuration(ms).padStart(10)}  ${file}`)
    return `\nslowest files:\n${lines.join('\n')}\n\n`
  }
}

function indent(lines) {
  return lines.map((line) => `  ${line}\n`).join('')
}

/** Whether the event is about a whole file: its name is then the file's path. */
function isFile({ name, file, nesting }) {
  return nesting === 0 && file !== undefined && resolve(name) === resolve(file)
}
