import { describeError } from './job-error.js'
import type { JobExecutor } from './job-executor.js'
import type { JobError, JobOutcome, JobRequest, JobResult } from './job-request.js'
import { JobWatch } from './job-watch.js'

/**
 * Runs the parts of one job, as many at once as the executor can. Calls `done` once, when none runs any
 * more: with the result of all of them; or, as soon as one has failed and the others have given up, with
 * its error and what had been written by those that had come to their end.
 */
export function submitParts(
  executor: JobExecutor,
  requests: readonly JobRequest[],
  watch: JobWatch | undefined,
  done: (outcome: JobOutcome, unused?: JobResult) => void,
): void {
  const watches = (watch ?? new JobWatch()).split(requests.length)
  const results: (JobResult | undefined)[] = requests.map(() => undefined)
  let running = requests.length
  let failure: JobError | undefined
  const ended = (part: number, outcome: JobOutcome): void => {
    running--
    if (outcome.ok) results[part] = outcome.result
    else if (failure === undefined) {
      failure = outcome.error
      for (const other of watches) other.abort()
    }
    if (running > 0) return
    const whole = joinResults(results.filter((result) => result !== undefined))
    if (failure === undefined) done({ ok: true, result: whole })
    else done({ ok: false, error: failure }, whole)
  }
  for (const [part, request] of requests.entries()) {
    try {
      executor.submit(request, (outcome) => ended(part, outcome), watches[part])
    } catch (error) {
      // Nobody could take it.
      ended(part, { ok: false, error: describeError(error) })
    }
  }
}

/** As one job would have told it. Of none: that nothing was done. */
export function joinResults(results: readonly JobResult[]): JobResult {
  const sum = (of: (result: JobResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  return {
    outputs: results.flatMap(({ outputs }) => outputs),
    readBytes: sum(({ readBytes }) => readBytes),
    writtenBytes: sum(({ writtenBytes }) => writtenBytes),
    droppedEntries: sum(({ droppedEntries }) => droppedEntries),
    durationMs: Math.max(0, ...results.map(({ durationMs }) => durationMs)),
  }
}
