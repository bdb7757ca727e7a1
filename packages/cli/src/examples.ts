/** One command line and what it does, for the end of a command's `--help`. */
export type Example = readonly [commandLine: string, does: string]

/** The section that every command's help ends with: `command.addHelpText('after', examples(…))`. */
export function examples(...list: readonly Example[]): string {
  const width = Math.max(...list.map(([commandLine]) => commandLine.length))
  const lines = list.map(([commandLine, does]) => `  ${commandLine.padEnd(width)}  # ${does}`)
  return `\nExamples:\n${lines.join('\n')}`
}
