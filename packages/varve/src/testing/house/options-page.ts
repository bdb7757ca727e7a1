import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** The options that most users may want to set, most common first. */
const commonOptions = ['valueEncoding', 'keyEncoding', 'durability', 'memoryBytes', 'compaction']

/** Options that only a measurement justifies. */
const advancedOptions = new Set([
  'blockBytes',
  'tableBytes',
  'filterBitsPerKey',
  'filterAllocation',
  'codecs',
  'maxOpenTables',
  'coldReads',
  'paranoid',
  'fileSystem',
  'clock',
])

const thresholdInterfaces = [
  ['RunThresholds', "Of `'leveled'`, `'sizeTiered'`, `'lazyLeveled'` and `'adaptive'`"],
  ['StallThresholds', 'When writes are held back, of the same policies'],
  ['AdaptiveThresholds', "Of `'adaptive'` alone"],
  ['FifoThresholds', "Of `'fifo'`"],
] as const

const intro = `# Options

<!-- Generated from the doc comments of the options. Do not edit: change the comments, then run
     VARVE_UPDATE_GOLDENS=1 npm test -- options-page -->

The options of \`open(path, options)\`. An unknown option, or a value out of range, is \
refused with \`INVALID_ARGUMENT\`; the
message names the option and the allowed values.
`

interface DocumentedProperty {
  readonly name: string
  /** The text of the doc comment. */
  readonly text: string
}

/** The page docs/OPTIONS.md, generated from the sources of the public types. */
export function optionsPage(apiPath: string, thresholdsPath: string): string {
  const options = propertiesOf(apiPath, 'OpenOptions')
  const common = commonOptions.map((name) => options.find((option) => option.name === name)!)
  const rest = options.filter(({ name }) => !commonOptions.includes(name))
  const thresholds = thresholdInterfaces.flatMap(([name, title]) => [
    `### ${title}`,
    ...propertiesOf(thresholdsPath, name).map((property) => entry(property, '####')),
  ])
  return `${[
    intro.trimEnd(),
    '## The five you may want',
    ...common.map((option) => entry(option)),
    '## The rest',
    ...rest.filter(({ name }) => !advancedOptions.has(name)).map((option) => entry(option)),
    '## Advanced',
    'Leave these alone until a measurement asks for them.',
    ...rest.filter(({ name }) => advancedOptions.has(name)).map((option) => entry(option)),
    '## Thresholds of compaction policies',
    'Advanced. `compaction: { policy, … }` takes any of these. [Tuning](TUNING.md) says when.',
    ...thresholds,
  ].join('\n\n')}\n`
}

function entry({ name, text }: DocumentedProperty, heading = '###'): string {
  return `${heading} \`${name}\`\n\n${text}`
}

function propertiesOf(path: string, interfaceName: string): DocumentedProperty[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true)
  const found = source.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === interfaceName,
  )
  if (found === undefined) throw new Error(`${path} has no interface ${interfaceName}`)
  return found.members.filter(ts.isPropertySignature).map((member) => {
    const name = member.name.getText(source)
    const [comment] = ts.getJSDocCommentsAndTags(member)
    const text = ts.getTextOfJSDocComment(comment?.comment)
    if (text === undefined) throw new Error(`option ${name} has no doc comment`)
    return { name, text: asMarkdown(text) }
  })
}

/** Rewrites links of doc comments, which are relative to the source, for pages in docs/. */
function asMarkdown(text: string): string {
  return text
    .replaceAll('../../../../docs/', '')
    .replace(/^Values: /gm, '**Values:** ')
    .replace(/\bDefault:(\s)/g, '**Default:**$1')
}
