import type { Shade } from './colors.js'
import { shades } from './colors.js'
import type { Axis } from './layout.js'

/** The settings of a tree in the URL. */
export function treeSettings(settings: URLSearchParams): { axis: Axis; shade: Shade } {
  const shade = settings.get('shade') ?? ''
  return {
    axis: settings.get('axis') === 'size' ? 'size' : 'keys',
    shade: shade in shades ? (shade as Shade) : 'age',
  }
}

/** The table selected in the URL. */
export function selectedTable(settings: URLSearchParams): number | undefined {
  const text = settings.get('table')
  return text === null ? undefined : Number(text)
}
