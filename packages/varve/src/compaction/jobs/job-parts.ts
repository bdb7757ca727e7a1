import { describeError } from './job-error.js'
import type { JobExecutor } from './job-executor.js'
import type { JobError, JobOutcome, JobRequest, JobResult } from './job-request.js'
import { JobWatch } from './job-watch.js'

/**
 * Runs the parts of a job, as many in parallel as the executor allows. Calls `done` once, when no
 * part is running: with the combined result or, if a part failed, with its error and the results of
 * the finished parts. The first failure aborts the remaining parts.
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
      // The executor did not accept the job.
      ended(part, { ok: false, error: describeError(error) })
    }
  }
}

/** Combines the results of the parts. An empty list gives an empty result. */
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
