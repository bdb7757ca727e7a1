import { type Execution, type History, precedes } from './history.js'
import { contains } from './serial-replay.js'

/** What an execution read from others, and what it left to them. Undefined: absent. */
interface Effects {
  readonly execution: Execution
  readonly reads: Map<string, number | undefined>
  readonly writes: Map<string, number>
}

/**
 * Checks strict serializability of histories whose version order is visible, as Elle does
 * (Kingsbury and Alvaro, 2020). Returns what is wrong with the history, or undefined.
 *
 * An execution reads a key before it writes it, so each version names the one that it replaces:
 *
 *     absent → 3 → 17 → 9
 *
 * From the order of versions follow the dependencies (Adya, 1999). A history is strictly
 * serializable if and only if they have no cycle:
 *
 *     ww   a wrote the version that b replaced
 *     wr   a wrote the version that b read
 *     rw   a read a version that b replaced
 *     rt   a ended before b began
 *
 * Requires: puts only, each after a read of its key in the same execution; no deletes.
 */
export function dependencyProblem(history: History): string | undefined {
  const all = history.executions.map((execution) => effectsOf(execution, history.keys))
  const writers = new Map<number, Effects>()
  for (const effects of all) {
    if (!effects.execution.isCommitted) continue
    for (const value of effects.writes.values()) writers.set(value, effects)
  }
  const replacedBy = new Map<string, Effects>()
  for (const effects of all) {
    for (const [key, value] of effects.reads) {
      const where = `${effects.execution.name} read ${value} of ${key}`
      if (value !== undefined && !writers.has(value)) {
        return `${where}, which no commit left there (G1a or G1b)`
      }
      if (!effects.execution.isCommitted || !effects.writes.has(key)) continue
      const version = `${key} ${value}`
      const other = replacedBy.get(version)
      if (other !== undefined) return `${where}, as ${other.execution.name}: lost update`
      replacedBy.set(version, effects)
    }
  }
  return cycleIn(all, writers, replacedBy)
}

function effectsOf(execution: Execution, keys: readonly string[]): Effects {
  const reads = new Map<string, number | undefined>()
  const writes = new Map<string, number>()
  const read = (key: string, value: number | undefined): void => {
    if (!writes.has(key) && !reads.has(key)) reads.set(key, value)
  }
  for (const step of execution.steps) {
    if (step.type === 'get') read(step.key, step.found)
    else if (step.type === 'scan') {
      const { found, limit, reverse } = step
      const values = new Map(found)
      const last = found.length === limit ? found[limit - 1][0] : undefined
      for (const key of keys) {
        if (!contains(step.span, key)) continue
        if (last !== undefined && (reverse ? key < last : key > last)) continue
        read(key, values.get(key))
      }
    } else if (step.type === 'put') {
      if (!reads.has(step.key)) throw new Error('a put needs a read of its key before it')
      writes.set(step.key, step.value)
    } else throw new Error(`the version order does not show a ${step.type}`)
  }
  return { execution, reads, writes }
}

function cycleIn(
  all: readonly Effects[],
  writers: ReadonlyMap<number, Effects>,
  replacedBy: ReadonlyMap<string, Effects>,
): string | undefined {
  const next = new Map(all.map((effects) => [effects, new Map<Effects, string>()]))
  const add = (from: Effects | undefined, to: Effects | undefined, label: string): void => {
    if (from !== undefined && to !== undefined && from !== to) next.get(from)!.set(to, label)
  }
  for (const effects of all) {
    for (const [key, value] of effects.reads) {
      if (value !== undefined) add(writers.get(value), effects, `wr ${key}`)
      add(effects, replacedBy.get(`${key} ${value}`), `rw ${key}`)
    }
    for (const other of all) {
      if (precedes(effects.execution, other.execution)) add(effects, other, 'rt')
    }
  }
  const path: Effects[] = []
  const finished = new Set<Effects>()
  const visit = (effects: Effects): string | undefined => {
    const start = path.indexOf(effects)
    if (start >= 0) return describe([...path.slice(start), effects], next)
    if (finished.has(effects)) return undefined
    path.push(effects)
    for (const to of next.get(effects)!.keys()) {
      const cycle = visit(to)
      if (cycle !== undefined) return cycle
    }
    path.pop()
    finished.add(effects)
    return undefined
  }
  for (const effects of all) {
    const cycle = visit(effects)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function describe(cycle: readonly Effects[], next: Map<Effects, Map<Effects, string>>): string {
  const parts = cycle.slice(1).map((to, i) => {
    return ` —${next.get(cycle[i])!.get(to)}→ ${to.execution.name}`
  })
  return `cycle: ${cycle[0].execution.name}${parts.join('')}`
}
