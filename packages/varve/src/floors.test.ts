import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, posix, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** A folder imports from its own floor and those below it. New folders get their floor here. */
const floors: readonly (readonly string[])[] = [
  ['base'],
  ['fs', 'cache', 'key'],
  ['log', 'batch', 'memtable', 'sstable', 'iterator'],
  ['version', 'wal'],
  ['compaction', 'backup'],
  ['tree'],
  ['db'],
  ['index.ts', 'metrics', 'tools'],
]

interface Source {
  /** Path below src, with forward slashes. */
  readonly path: string
  /** The folder below src that holds it, or its own name. */
  readonly folder: string
  /** What it imports: sources by their path, other modules by their name. */
  readonly imports: readonly string[]
}

const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = readSources(join(packageRoot, 'src'))
const sourceByPath = new Map(sources.map((source) => [source.path, source]))

function readSources(root: string): Source[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.endsWith('.test.ts') && !path.includes('testing/'))
    .map((path) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(root, path), 'utf8'))
      const imports = importedFiles.map(({ fileName }) => resolveImport(path, fileName))
      return { path, folder: path.split('/')[0], imports }
    })
}

function resolveImport(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}

function floorOf(folder: string): number {
  return floors.findIndex((floor) => floor.includes(folder))
}

/** A walk that comes back to where it started, or undefined. */
function findCycle(edges: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const done = new Set<string>()
  const walk = (node: string, trail: string[]): string[] | undefined => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node]
    if (done.has(node)) return undefined
    for (const next of edges.get(node) ?? []) {
      const cycle = walk(next, [...trail, node])
      if (cycle !== undefined) return cycle
    }
    done.add(node)
    return undefined
  }
  for (const node of edges.keys()) {
    const cycle = walk(node, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

test('the sources are found, and every folder has its floor', () => {
  assert.ok(sourceByPath.has('fs/file-system.ts') && sourceByPath.has('base/errors.ts'))
  const homeless = sources.filter(({ folder }) => floorOf(folder) === -1)
  assert.deepEqual(
    homeless.map(({ path }) => path),
    [],
  )
})

test('no folder imports from a floor above it', () => {
  const upward = sources.flatMap(({ path, folder, imports }) =>
    imports
      .filter((target) => floorOf(sourceByPath.get(target)?.folder ?? folder) > floorOf(folder))
      .map((target) => `${path} imports ${target}`),
  )
  assert.deepEqual(upward, [])
})

test('folders do not import each other in a circle, nor do files', () => {
  const folders = new Map<string, Set<string>>()
  for (const { folder, imports } of sources) {
    const targets = folders.get(folder) ?? new Set()
    folders.set(folder, targets)
    for (const target of imports) {
      const other = sourceByPath.get(target)?.folder
      if (other !== undefined && other !== folder) targets.add(other)
    }
  }
  assert.equal(findCycle(folders)?.join(' → '), undefined)
  const files = new Map(sources.map(({ path, imports }) => [path, imports]))
  assert.equal(findCycle(files)?.join(' → '), undefined)
})

test('sources import only each other and what is built into Node', () => {
  const strangers = sources.flatMap(({ path, imports }) =>
    imports
      .filter((target) => !sourceByPath.has(target) && !isBuiltIn(target))
      .map((target) => `${path} imports ${target}`),
  )
  assert.deepEqual(strangers, [])
})

function isBuiltIn(name: string): boolean {
  return name.startsWith('node:') && builtinModules.includes(name.slice('node:'.length))
}

test('only the Node file system touches files', () => {
  const touching = sources
    .filter(({ imports }) => imports.some((target) => /^node:fs(\/|$)/.test(target)))
    .map(({ path }) => path)
    .filter((path) => !/^fs\/node-[^/]+\.ts$/.test(path))
  assert.deepEqual(touching, [])
})

test('the package depends on nothing', () => {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as object
  const forbidden = /dependencies|^scripts$|^gypfile$/i
  assert.deepEqual(
    Object.keys(manifest).filter((field) => forbidden.test(field)),
    [],
  )
})

test('a cycle would be found', () => {
  const edges = { a: ['b', 'c'], b: ['c'], c: ['d'], d: ['b'] }
  assert.deepEqual(findCycle(new Map(Object.entries(edges))), ['b', 'c', 'd', 'b'])
  assert.equal(findCycle(new Map(Object.entries({ ...edges, d: [] }))), undefined)
})
