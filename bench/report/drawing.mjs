// What all pictures share: Vega-Lite descriptions, drawn as SVG by Vega, without a browser.
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { withDarkMode } from './dark-mode.mjs'

/**
 * The same colour for an engine in every picture: distinct for the colour-blind too (Okabe and
 * Ito).
 */
export const colors = {
  varve: '#d55e00',
  'varve-level': '#e8a37c',
  'classic-level': '#0072b2',
  rocksdb: '#009e73',
  'rocksdb-native': '#56b4e9',
  lmdb: '#cc79a7',
  'better-sqlite3': '#e69f00',
  db_bench: '#555555',
}

export function title(text, subtitle) {
  return { text, subtitle, anchor: 'start', fontSize: 16, subtitlePadding: 4, offset: 14 }
}

/** The picture as SVG text. */
export async function render(spec) {
  const { spec: compiled } = compile({
    ...spec,
    background: 'white',
    padding: 16,
    config: {
      font: 'Helvetica, Arial, sans-serif',
      axis: {
        labelFontSize: 11,
        titleFontSize: 11,
        gridColor: '#e8e8e8',
        titleFontWeight: 'normal',
      },
      legend: { labelFontSize: 12, symbolType: 'square', columns: 7 },
      view: { stroke: '#ccc' },
    },
  })
  const view = new View(parse(compiled), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  // Vega writes 15 digits; a hundredth of a pixel will do.
  const rounded = svg.replace(/-?\d+\.\d{3,}/g, (number) =>
    String(Number(Number(number).toFixed(2))),
  )
  return withDarkMode(rounded)
}
