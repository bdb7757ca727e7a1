import { inspect, isDeepStrictEqual } from 'node:util'
import { Random } from '../random.js'
import { drawOperation } from './draw-operation.js'
import type { Operation } from './operation.js'
import type { Session } from './session.js'

/** Operations that a failure prints, the failing one last. */
const shownOperations = 12

/**
 * Opens the sessions, runs random operations on all of them and compares what they return, until
 * `resultCount` results have been compared. An entry, key or value of a list counts as one. `adapt`
 * replaces operations that one of the databases cannot run.
 *
 * @throws with the seed, the operations before, and what each session returned
 */
export async function compareSessions(
  sessions: readonly Session[],
  seed: number,
  resultCount: number,
  adapt: (operation: Operation) => Operation = (operation) => operation,
): Promise<void> {
  const random = new Random(seed)
  const recent: Operation[] = []
  for (const session of sessions) await session.open()
  for (let compared = 0; compared < resultCount;) {
    const operation = adapt(drawOperation(random))
    recent.push(operation)
    if (recent.length > shownOperations) recent.shift()
    const results: unknown[] = []
    for (const session of sessions) results.push(await outcomeOf(session, operation))
    for (const [i, result] of results.entries()) {
      if (isDeepStrictEqual(result, results[0])) continue
      const shown = [0, i].map((j) => `${sessions[j].name}: ${show(results[j])}`)
      const history = recent.map((operation) => show(operation)).join('\n')
      throw new Error(`results differ with VARVE_SEED=${seed}\n${history}\n${shown.join('\n')}`)
    }
    compared += Array.isArray(results[0]) ? Math.max(1, results[0].length) : 1
  }
}

async function outcomeOf(session: Session, operation: Operation): Promise<unknown> {
  try {
    return comparable(await session.run(operation))
  } catch (error) {
    const { name, code } = error as { name: string; code?: string }
    return `fails: ${code ?? name}`
  }
}

/** Bytes are equal whatever class holds them: Level promises no more. */
function comparable(result: unknown): unknown {
  if (result instanceof Uint8Array) return `bytes ${Buffer.from(result).toString('hex')}`
  return Array.isArray(result) ? result.map(comparable) : result
}

function show(value: unknown): string {
  return inspect(value, {
    compact: true,
    depth: 6,
    breakLength: Infinity,
    maxStringLength: 60,
    maxArrayLength: 40,
  })
}
