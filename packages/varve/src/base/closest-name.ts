/** Names that differ in more than this many edits are not meant. */
const maxEdits = 2

/** A shorter start of a name may mean anything. */
const minStart = 3

/** The name that was probably meant by `given`; undefined if none is close. */
export function closestName(given: string, names: readonly string[]): string | undefined {
  return closestByEdits(given, names) ?? nameStartingWith(given, names)
}

function nameStartingWith(given: string, names: readonly string[]): string | undefined {
  if (given.length < minStart) return undefined
  return names.find((name) => name.toLowerCase().startsWith(given.toLowerCase()))
}

function closestByEdits(given: string, names: readonly string[]): string | undefined {
  let closest: string | undefined
  let fewestEdits = Math.min(maxEdits, Math.floor(given.length / 2)) + 1
  for (const name of names) {
    const edits = editDistance(given.toLowerCase(), name.toLowerCase(), fewestEdits)
    if (edits >= fewestEdits) continue
    closest = name
    fewestEdits = edits
  }
  return closest
}

/**
 * Edits that turn one text into the other: a character more, less or another one, or two neighbours
 * swapped (Damerau, 1964; restricted). `limit` or above: too many to count.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  // Rows of the table of distances between the starts of `a` and `b`.
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const edits = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1))
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(isSwap ? Math.min(edits, beforeLast[j - 2] + 1) : edits)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]
}
