/** Words that make a sentence read like a translation, with a replacement. */
const telltales: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bbehind\b/i, instead: 'after' },
  { pattern: /\banew\b/i, instead: 'again' },
  { pattern: /\b(is|are|was|were|be|been) told\b/i, instead: 'is reported; gets' },
  { pattern: /\btells\b/i, instead: 'reports, returns, says' },
  { pattern: /\b(nobody|somebody|whoever)\b/i, instead: 'name the part that acts' },
  { pattern: /\bso many\b/i, instead: 'the number' },
  { pattern: /\bso (often|long|much)\b(?! as)/i, instead: 'the number' },
  { pattern: /(^|[.;:] )(of|in) which\b/i, instead: 'a sentence of its own' },
  { pattern: /, (of|in) which\b/i, instead: 'a sentence of its own' },
  { pattern: /(^|[.:;] )who\b/i, instead: 'name the part that acts' },
  {
    pattern: /\bwho (is|has|asks|reads|writes|waits|takes|wants|keeps|finds|made|may)\b/i,
    instead: 'name the part',
  },
  { pattern: /(^|[.:;,] )there (is|are)\b/i, instead: 'has; the verb itself' },
  {
    pattern: /\blies? (in|at|on|below|above|beneath|within|between|outside|there)\b/i,
    instead: 'is',
  },
  {
    pattern:
      /, for (it|they|he|she|what|the|a|this|that|these|those) \w+ (is|are|was|were|has|have|may|can|must|would|will)\b/i,
    instead: 'because',
  },
  {
    pattern:
      /(^|[.;:] )what (is|was|are|were|has|had|it|they|comes|goes|stays|cannot|may|must)\b(?!.*\?)/i,
    instead: 'a noun',
  },
  { pattern: /\bin vain\b/i, instead: 'without a result' },
  { pattern: /\bevermore|thereof|therein|whereof|herein\b/i, instead: 'plain words' },
  { pattern: /\bby itself\b/i, instead: 'alone; automatically' },
  { pattern: /\bstands (in|at|on|for|beside|there)\b/i, instead: 'is' },
  { pattern: /\bhears? (of|how|that)\b/i, instead: 'is notified' },
  { pattern: /\blearns? (of|from|that|why)\b/i, instead: 'is notified; gets' },
  { pattern: /\bgives? (away|itself|back)\b/i, instead: 'returns' },
  { pattern: /\bwithout end\b/i, instead: 'unlimited' },
]

/**
 * Legitimate uses: the text around a match, in lower case. The word has its plain meaning there.
 */
const allowed: readonly string[] = [
  'fall behind',
  'fallen behind',
  'nothing behind',
  '} behind',
  'falls behind',
  'behind a proxy',
  'bytes behind',
  'are behind',
  'is behind',
  'how far behind',
]

interface ProseProblem {
  readonly line: number
  readonly found: string
  readonly instead: string
}

/** Tell-tale phrases on a Markdown page, outside code. */
export function problemsInMarkdown(text: string): ProseProblem[] {
  let inCode = false
  const prose = text.split('\n').map((line) => {
    if (/^\s*```/.test(line)) inCode = !inCode
    return inCode || /^( {4}|\t)/.test(line) ? '' : line.replace(/`[^`]*`/g, '``')
  })
  return problemsInLines(prose)
}

/** Tell-tale phrases in the comments and strings of a source. */
export function problemsInSource(text: string): ProseProblem[] {
  return problemsInLines(text.split('\n').map(proseOf))
}

function proseOf(line: string): string {
  const comment = /^\s*(?:\/\*\*?|\*|\/\/) ?(.*)$/.exec(line)
  if (comment !== null) {
    // Indented lines are drawings.
    return /^ {3,}/.test(comment[1]) ? '' : comment[1].replace(/`[^`]*`/g, '``')
  }
  const trailing = /\s\/\/ (.*)$/.exec(line)?.[1] ?? ''
  const strings = [...line.matchAll(/'([^'\n]*)'|`([^`\n]*)`|"([^"\n]*)"/g)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((part) => part.includes(' '))
  return [...strings, trailing].join(' … ')
}

function problemsInLines(lines: readonly string[]): ProseProblem[] {
  return lines.flatMap((line, i) =>
    telltales.flatMap(({ pattern, instead }) => {
      const match = pattern.exec(line)
      if (match === null || isAllowed(line, match)) return []
      return [{ line: i + 1, found: match[0].trim(), instead }]
    }),
  )
}

function isAllowed(line: string, match: RegExpExecArray): boolean {
  const around = line.slice(Math.max(0, match.index - 20), match.index + match[0].length + 20)
  return allowed.some((phrase) => around.toLowerCase().includes(phrase))
}
