import { readFileSync } from 'node:fs'

/** Engines in the order of the report; each is a file here that exports `open`. */
export const engineNames = [
  'varve',
  'varve-level',
  'classic-level',
  'rocksdb',
  'rocksdb-native',
  'lmdb',
  'better-sqlite3',
]

/** RocksDB's own benchmark in C++: another program, so no driver. */
export const dbBench = 'db_bench'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function openEngine(name, directory, options = { durable: false }) {
  if (!engineNames.includes(name)) throw new Error(`unknown engine '${name}'`)
  const engine = await import(`./${name}.mjs`)
  return engine.open(directory, options)
}

/** Version of a package installed in bench/. */
export function installedVersion(packageName) {
  const file = new URL(`../node_modules/${packageName}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}
