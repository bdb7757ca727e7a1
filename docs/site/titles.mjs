import { Converter } from 'typedoc'

/** Folders of pages, by the words over them in the navigation. */
const groups = {
  'docs/recipes': 'Recipes',
  'docs/formats': 'File formats',
  packages: 'Packages',
  bench: 'Measurements',
}

/**
 * Gives each page its first heading as its name, instead of that of its file, and its folder as its
 * group.
 */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => {
    const [first] = page.content
    const title = /^\s*# (.+)\n+/.exec(first.text)
    if (title === null) throw new Error(`${page.name} has no title`)
    const folder = /^(packages|bench|.*(?=\/))/.exec(page.name)?.[1]
    page.frontmatter.group = groups[folder] ?? 'Guide'
    page.name = title[1]
    first.text = first.text.slice(title[0].length)
    page.content.forEach(keepPlain)
  })
}

/** TypeDoc takes a block without a language for TypeScript, and colours its words. */
function keepPlain(part) {
  if (part.kind === 'code') part.text = part.text.replace(/^```\n/, '```text\n')
}
