import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/**
 * A folder imports only from its own floor and the floors below it. The longest matching prefix
 * decides, so a folder's subfolder can have its own floor. Add every new folder here. Tests and
 * fixtures obey the rule of the folder that holds them.
 */
const floors: readonly (readonly string[])[] = [
  ['base', 'base/bytes', 'base/testing'],
  ['fs', 'cache', 'key'],
  ['fs/lock', 'fs/simulated', 'fs/testing'],
  ['entry'],
  ['testing/kit'],
  ['store'],
  ['store/testing'],
  ['log', 'batch', 'memtable', 'sstable/format'],
  ['sstable/lz4'],
  ['sstable/block'],
  ['sstable', 'iterator'],
  ['sstable/salvage'],
  ['version', 'wal'],
  ['compaction/pickers', 'compaction/pickers/adaptive', 'compaction/testing'],
  ['compaction/jobs'],
  ['compaction/executors'],
  ['compaction/schedule', 'backup'],
  ['tree'],
  ['db/event-types.ts', 'db/keyspace-stats.ts'],
  ['db/api.ts'],
  ['db/keyspace-types.ts'],
  ['db/options', 'db/events'],
  ['db/read', 'db/write'],
  ['db/typed-operations.ts'],
  ['db/key-value-store.ts'],
  ['db/background', 'db/transaction'],
  ['db/keyspaces'],
  ['db/open'],
  ['db'],
  ['index.ts'],
  ['simulate', 'testing/harness'],
  ['tools/directory'],
  ['tools', 'metrics'],
  ['testing'],
]

interface Source {
  /** Path below src, with forward slashes. */
  readonly path: string
  /** The containing folder below src, or the path itself at the top or with its own floor. */
  readonly folder: string
  readonly isTest: boolean
  /** Imports: sources by their path, other modules by their name. */
  readonly imports: readonly string[]
}

const packageRoot = fileURLToPath(new URL('../../../', import.meta.url))
const sources = readSources(join(packageRoot, 'src'))
const sourceByPath = new Map(sources.map((source) => [source.path, source]))

function readSources(root: string): Source[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .map((path) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(root, path), 'utf8'))
      const imports = importedFiles.map(({ fileName }) => resolveImport(path, fileName))
      const standsAlone = !path.includes('/') || floors.flat().includes(path)
      const folder = standsAlone ? path : posix.dirname(path)
      return { path, folder, isTest: /\.test\.ts$|(^|\/)testing\//.test(path), imports }
    })
}

function resolveImport(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}

/** The floor of a file or folder below src, or -1 if it has none. */
function floorOf(path: string): number {
  const floor = floors.findIndex((names) => names.includes(path))
  if (floor !== -1 || !path.includes('/')) return floor
  return floorOf(posix.dirname(path))
}

/** Returns a path that ends where it starts, or undefined. */
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

test('every source folder has a floor', () => {
  assert.ok(sourceByPath.has('fs/file-system.ts') && sourceByPath.has('base/errors.ts'))
  const homeless = sources.filter(({ path }) => floorOf(path) === -1)
  assert.deepEqual(
    homeless.map(({ path }) => path),
    [],
  )
})

test('no folder imports from a floor above it', () => {
  const upward = sources.flatMap(({ path, imports }) =>
    imports
      .filter((target) => sourceByPath.has(target) && floorOf(target) > floorOf(path))
      .map((target) => `${path} imports ${target}`),
  )
  assert.deepEqual(upward, [])
})

test('imports between folders and between files form no cycle', () => {
  const folders = new Map<string, Set<string>>()
  for (const { folder, isTest, imports } of sources) {
    if (isTest) continue
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

test('sources import only each other and built-in Node modules', () => {
  const product = sources.filter(({ isTest }) => !isTest)
  const strangers = product.flatMap(({ path, imports }) =>
    imports
      .filter((target) => !sourceByPath.has(target) && !isBuiltIn(target))
      .map((target) => `${path} imports ${target}`),
  )
  assert.deepEqual(strangers, [])
})

function isBuiltIn(name: string): boolean {
  return name.startsWith('node:') && builtinModules.includes(name.slice('node:'.length))
}

test('only the Node file system uses node:fs', () => {
  const touching = sources
    .filter(({ isTest }) => !isTest)
    .filter(({ imports }) => imports.some((target) => /^node:fs(\/|$)/.test(target)))
    .map(({ path }) => path)
    .filter((path) => !/^fs\/(lock\/)?node-[^/]+\.ts$/.test(path))
  assert.deepEqual(touching, [])
})

test('the package has no dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as object
  const forbidden = /dependencies|^scripts$|^gypfile$/i
  assert.deepEqual(
    Object.keys(manifest).filter((field) => forbidden.test(field)),
    [],
  )
})

test('a cycle is found', () => {
  const edges = { a: ['b', 'c'], b: ['c'], c: ['d'], d: ['b'] }
  assert.deepEqual(findCycle(new Map(Object.entries(edges))), ['b', 'c', 'd', 'b'])
  assert.equal(findCycle(new Map(Object.entries({ ...edges, d: [] }))), undefined)
})
