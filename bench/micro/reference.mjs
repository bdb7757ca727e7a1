// The yardstick of the micro-benchmarks: the hot parts as they once were, with the tasks that time
// them. They are kept as one archive, because they are not meant to be read or changed: `zcat
// reference.json.gz` shows an object of path → text.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

const root = join(import.meta.dirname, '../..')
const tasksFile = join(import.meta.dirname, 'tasks.mjs')
const archive = join(import.meta.dirname, 'reference.json.gz')

/** Makes the present build the yardstick. */
export function takeReference() {
  const files = {}
  take(tasksFile)
  const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(archive, gzipSync(JSON.stringify(sorted), { level: 9 }))

  function take(path) {
    const name = relative(root, path)
    if (files[name] !== undefined) return
    files[name] = readFileSync(path, 'utf8')
    for (const [, other] of files[name].matchAll(/from '(\.[^']+)'/g))
      take(join(dirname(path), other))
  }
}

/** Writes the yardstick to an empty folder; gives the path of its tasks. */
export function unpackReference(folder) {
  const files = JSON.parse(gunzipSync(readFileSync(archive)))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return join(folder, relative(root, tasksFile))
}
