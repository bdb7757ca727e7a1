/** Colours of the light pictures that a dark background needs otherwise. */
const darkColors = {
  white: '#0d1117',
  '#000': '#d5d9e0',
  black: '#d5d9e0',
  '#222': '#e6e9ee',
  '#888': '#8b929c',
  '#ccc': '#3d444d',
  '#ddd': '#3d444d',
  '#e8e8e8': '#272d35',
  '#555555': '#a8adb5',
  '#0072b2': '#4aa8e0',
}

/** The picture with a style sheet for readers who prefer a dark colour scheme. */
export function withDarkMode(svg) {
  const rules = Object.entries(darkColors).flatMap(([light, dark]) => [
    `[fill="${light}"]{fill:${dark}}`,
    `[stroke="${light}"]{stroke:${dark}}`,
  ])
  const style = `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`
  return svg.replace(/<svg[^>]*>/, (start) => start + style)
}
