import { VarveError } from '../../base/errors.js'
import { manifestName } from '../../store/file-names.js'
import { readCurrent } from '../../version/manifest.js'
import type { FoundFile } from './inventory.js'
import { ManifestView } from './manifest-view.js'
import { problemOf } from './problem.js'
import type { Site } from './tool-options.js'
import { problemsOfLevels } from './level-problems.js'

/** What a repair goes by. */
export interface ManifestChoice {
  /** Says which tables count, and on which level; undefined: the tables have to tell. */
  readonly trusted: ManifestView | undefined
  /** Why CURRENT and the MANIFEST must be written again; undefined if they are sound. */
  readonly problem: string | undefined
  /** What damaged MANIFESTs still tell, the latest first. */
  readonly hints: readonly ManifestView[]
}

/**
 * Throws UNSUPPORTED_FORMAT when the MANIFEST is one of a later version: nothing here may touch it.
 */
export function chooseManifest(site: Site, files: readonly FoundFile[]): ManifestChoice {
  const views = files
    .filter((file) => file.holds === 'manifest')
    .map((file) => ({ file, view: new ManifestView(site.fs, file.path, file.name, file.number) }))
    .sort((a, b) => b.file.number - a.file.number)
  refuseUnsupported(views.map(({ view }) => view))
  const named = namedByCurrent(site)
  // One that was begun and never finished was never in force.
  const chosen =
    named === undefined
      ? views.find(({ view }) => view.edits > 0)
      : views.find(({ file }) => file.number === named)
  const hints = views.map(({ view }) => view)
  if (chosen === undefined) return { trusted: undefined, problem: 'the MANIFEST is lost', hints }
  const { file, view } = chosen
  const problem = problemWith(view) ?? (named === undefined ? stale(view, files) : undefined)
  if (problem !== undefined) return { trusted: undefined, problem, hints }
  if (named === undefined) return { trusted: view, problem: 'CURRENT is lost', hints }
  const isInPlace = file.name === manifestName(named)
  return { trusted: view, problem: isInPlace ? undefined : 'the MANIFEST has another name', hints }
}

function namedByCurrent({ fs, directory }: Site): number | undefined {
  try {
    return readCurrent(fs, directory)
  } catch (error) {
    problemOf(error, directory)
    return undefined
  }
}

function refuseUnsupported(views: readonly ManifestView[]): void {
  for (const { problems, name } of views) {
    const problem = problems.find(({ kind }) => kind === 'unsupported')
    if (problem === undefined) continue
    throw new VarveError('UNSUPPORTED_FORMAT', `${name}: ${problem.message}; repair it with that`, {
      file: name,
    })
  }
}

function problemWith(view: ManifestView): string | undefined {
  const [problem] = [...view.problems, ...problemsOfLevels(view)]
  return problem && `${view.name}: ${problem.message}`
}

/**
 * Without CURRENT's word the latest MANIFEST there is may be one that was replaced. It counts when
 * the directory holds exactly the tables that it knows.
 */
function stale(view: ManifestView, files: readonly FoundFile[]): string | undefined {
  const present = new Set(files.filter(({ holds }) => holds === 'table').map((file) => file.number))
  const isComplete = [...view.tables.keys()].every((number) => present.has(number))
  const knowsAll = [...present].every(
    (number) => view.tables.has(number) || view.deleted.has(number),
  )
  if (isComplete && knowsAll) return undefined
  return `CURRENT is lost, and ${view.name} does not fit the tables that are there`
}
