import { readFile } from 'node:fs/promises'
import type { Route } from './http-server.js'

/** The files of the page, which `scripts/bundle.mjs` makes from `page/`. Nothing else is served. */
const pageFiles = [
  { path: '', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: 'inspector.js', file: 'inspector.js', type: 'text/javascript; charset=utf-8' },
  { path: 'inspector.css', file: 'inspector.css', type: 'text/css; charset=utf-8' },
]

export function pageRoutes(): [string, Route][] {
  return pageFiles.map(({ path, file, type }) => [
    `GET ${path}`,
    async (_, response) => {
      const bytes = await readFile(new URL(`../page/${file}`, import.meta.url))
      response.setHeader('content-type', type)
      response.end(bytes)
    },
  ])
}
