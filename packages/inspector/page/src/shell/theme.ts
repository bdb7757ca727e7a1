import { useEffect, useState } from 'preact/hooks'
import type { Theme } from '../tree/colors.js'

const themeChanged = 'varve-theme'
const storageKey = 'varve-theme'

/** The theme in force: the one chosen on the page, or that of the system. */
export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset['theme']
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** Takes the theme that was chosen last time. */
export function restoreTheme(): void {
  const stored = localStorage.getItem(storageKey)
  if (stored === 'light' || stored === 'dark') document.documentElement.dataset['theme'] = stored
}

export function toggleTheme(): void {
  const theme = currentTheme() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset['theme'] = theme
  localStorage.setItem(storageKey, theme)
  dispatchEvent(new Event(themeChanged))
}

/** The theme in force; draws again when it changes. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(currentTheme)
  useEffect(() => {
    const update = (): void => setTheme(currentTheme())
    const system = matchMedia('(prefers-color-scheme: dark)')
    addEventListener(themeChanged, update)
    system.addEventListener('change', update)
    return () => {
      removeEventListener(themeChanged, update)
      system.removeEventListener('change', update)
    }
  }, [])
  return theme
}
