import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Runs a plan in a process of its own and gives its answer. `script` calls `answerPlan`. */
export function childRun(script, plan) {
  return new Promise((resolve, reject) => {
    const started = fork(script, [JSON.stringify(plan)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    let answer
    started.on('message', (message) => (answer = message))
    started.on('exit', (code, signal) => {
      const error = answer === undefined ? `ended with ${signal ?? `code ${code}`}` : answer.error
      if (error === undefined) resolve(answer)
      else reject(new Error(error))
    })
  })
}

/** Measures in a directory of its own, which is removed afterwards. */
export async function inDirectory(parent, name, measure) {
  const directory = mkdtempSync(join(parent, `${name}-`))
  flushDirtyPages()
  try {
    await measure(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What one run left to the operating system to write is not charged to the next. */
export function flushDirtyPages() {
  if (process.platform !== 'win32') execFileSync('sync')
}
