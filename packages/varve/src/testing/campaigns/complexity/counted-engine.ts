import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

/** The cost of a stretch of work. */
export interface Work {
  /** Functions entered and loop iterations started. */
  readonly steps: number
  /** Those steps that are calls of key comparison functions. */
  readonly comparisons: number
}

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const cellsName = '__varveWork'
const Cell = { steps: 0, comparisons: 1 } as const
const compares = /^(compare|equal|isAheadOf|endsBehind)/

/**
 * A copy of the compiled engine that counts its steps. Each function and each loop body begins with
 * a counter, which the real engine does not have. A platform call, such as copying bytes, costs no
 * extra step.
 *
 * Owned by: a benchmark or test, which closes it. At most one per process.
 */
export class CountedEngine {
  private readonly cells = new Float64Array(Object.keys(Cell).length)
  private readonly directory: string

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'varve-counted-'))
    writeFileSync(join(this.directory, 'package.json'), '{ "type": "module" }')
    for (const path of readdirSync(dist, { recursive: true }) as string[]) {
      if (!path.endsWith('.js') || path.includes('testing') || path.endsWith('.test.js')) continue
      const copy = join(this.directory, path)
      mkdirSync(dirname(copy), { recursive: true })
      writeFileSync(copy, withCounters(readFileSync(join(dist, path), 'utf8')))
    }
    ;(globalThis as Record<string, unknown>)[cellsName] = this.cells
  }

  /** A module of the copy, by its path below `src`. */
  load<Module>(path: string): Promise<Module> {
    return import(pathToFileURL(join(this.directory, path)).href) as Promise<Module>
  }

  /** Counts the steps of the copy during `body`. */
  count(body: () => void): Work {
    this.cells.fill(0)
    body()
    const [steps, comparisons] = this.cells
    return { steps, comparisons }
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

interface Insertion {
  readonly at: number
  readonly text: string
}

/** The program with a counter in every function and loop. */
export function withCounters(program: string): string {
  const insertions: Insertion[] = [{ at: 0, text: `const ${cellsName} = globalThis.${cellsName};` }]
  const source = ts.createSourceFile('engine.js', program, ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    if (ts.isIterationStatement(node, false)) countTurns(node.statement, insertions)
    const body = bodyOf(node)
    if (body !== undefined) {
      const name = (node as ts.FunctionLikeDeclaration).name?.getText() ?? ''
      const comparison = compares.test(name) ? increment(Cell.comparisons) : ''
      insertions.push({ at: body.getStart() + 1, text: increment(Cell.steps) + comparison })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  let counted = ''
  let from = 0
  for (const { at, text } of insertions.sort((a, b) => a.at - b.at)) {
    counted += program.slice(from, at) + text
    from = at
  }
  return counted + program.slice(from)
}

function bodyOf(node: ts.Node): ts.Block | undefined {
  const body = ts.isFunctionLike(node) ? (node as ts.FunctionLikeDeclaration).body : undefined
  return body !== undefined && ts.isBlock(body) ? body : undefined
}

function countTurns(statement: ts.Statement, insertions: Insertion[]): void {
  if (ts.isBlock(statement)) {
    insertions.push({ at: statement.getStart() + 1, text: increment(Cell.steps) })
  } else {
    insertions.push({ at: statement.getStart(), text: `{${increment(Cell.steps)}` })
    insertions.push({ at: statement.end, text: '}' })
  }
}

function increment(cell: number): string {
  return `${cellsName}[${cell}]++;`
}
