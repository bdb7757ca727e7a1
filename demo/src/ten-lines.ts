/** Lines for the shell, each with what it shows. They leave the cities as they are. */
export const tenLines: readonly (readonly [line: string, shows: string])[] = [
  ['levels', 'the tree: level 0 is the newest, level 6 the oldest'],
  ['get IS/Reykjavík/3413829', 'a point read'],
  ['explain IS/Reykjavík/3413829', 'where it looked, and why it stopped'],
  ['explain IS/Atlantis/0', 'an absent key: the filters say so'],
  ['scan JP/Tok --limit 3', 'a range, in the order of keys'],
  [`put IS/Atlantis/0 '{"name":"Atlantis"}'; explain IS/Atlantis/0`, 'new: in the memtable'],
  ['snapshot take; del IS/Atlantis/0; count IS/Atl', 'deleted'],
  ['snapshot use 1; count IS/Atl; snapshot release 1', 'but the snapshot still sees it'],
  ['flush; compact; levels', 'everything merged into level 6'],
  ['stats', 'what all that took'],
]

export function printTenLines(): void {
  const width = Math.max(...tenLines.map(([line]) => line.length))
  for (const [line, shows] of tenLines) console.log(`  ${line.padEnd(width)}  # ${shows}`)
}
