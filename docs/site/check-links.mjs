// Checks every link of the built site: `node docs/site/check-links.mjs site`.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Links of the pages below `folder` that lead to no file or to no place in it, as `page → link`. A
 * link to a Markdown file is broken, too: a browser shows its source.
 */
export function brokenLinks(folder) {
  const anchors = new Map()
  const anchorsOf = (file) => {
    if (!anchors.has(file)) anchors.set(file, anchorsIn(readFileSync(file, 'utf8')))
    return anchors.get(file)
  }
  const pages = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.html'))
  return pages.flatMap((page) => {
    const file = join(folder, page)
    const links = linksIn(readFileSync(file, 'utf8')).filter((link) =>
      isBroken(file, link, anchorsOf),
    )
    return [...new Set(links)].map((link) => `${page.replaceAll('\\', '/')} → ${link}`)
  })
}

function linksIn(html) {
  const links = [...html.matchAll(/<[^>]*\s(?:href|src)="([^"]*)"/g)].map(([, link]) => link)
  return links
    .filter((link) => !/^([a-z]+:|\/\/)/.test(link))
    .map((link) => link.replaceAll('&amp;', '&'))
}

function anchorsIn(html) {
  return new Set([...html.matchAll(/<[^>]*\s(?:id|name)="([^"]+)"/g)].map(([, anchor]) => anchor))
}

function isBroken(page, link, anchorsOf) {
  const [path, anchor] = link.split('#')
  if (path.endsWith('.md')) return true
  const file = path === '' ? page : join(dirname(page), decodeURIComponent(path.split('?')[0]))
  if (!existsSync(file)) return true
  // A server answers for a folder with its index.
  if (!statSync(file).isFile()) return !existsSync(join(file, 'index.html'))
  const hasAnchor = anchor !== undefined && anchor !== '' && file.endsWith('.html')
  return hasAnchor && !anchorsOf(file).has(decodeURIComponent(anchor))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const broken = brokenLinks(process.argv[2])
  for (const link of broken) console.error(`broken link: ${link}`)
  process.exitCode = broken.length === 0 ? 0 : 1
}
