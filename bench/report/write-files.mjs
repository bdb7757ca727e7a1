import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes texts to a folder, by name. Those that are undefined are left out. */
export function writeFiles(folder, files) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) continue
    writeFileSync(join(folder, name), text)
    console.error(`wrote ${join(folder, name)}`)
  }
}

/** A report as JSON, with one line for each item of the named lists, which come last. */
export function reportJson(report, listNames, replacer = rounded) {
  const rest = Object.entries(report).filter(([name]) => !listNames.includes(name))
  const head = JSON.stringify(Object.fromEntries(rest), null, 2).replace(/\n\}$/, '')
  const lists = listNames.map((name) => {
    const lines = report[name].map((item) => `    ${JSON.stringify(item, replacer)}`)
    return `  "${name}": [\n${lines.join(',\n')}\n  ]`
  })
  return `${[head, ...lists].join(',\n')}\n}\n`
}

function rounded(_name, value) {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
