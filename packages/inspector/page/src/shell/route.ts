import { useEffect, useState } from 'preact/hooks'

/** What the fragment of the URL says: a view and its settings, such as `#read?key=a`. */
export interface Route {
  readonly view: string
  readonly settings: URLSearchParams
}

export function parseRoute(hash: string): Route {
  const [view, query = ''] = hash.replace(/^#/, '').split('?', 2)
  return { view, settings: new URLSearchParams(query) }
}

/** The route, and a function that changes settings of the view, so that the URL is the picture. */
export function useRoute(): [
  Route,
  (changes: Readonly<Record<string, string | undefined>>) => void,
] {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const update = (): void => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return [
    route,
    (changes) => {
      const { view, settings } = parseRoute(location.hash)
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) settings.delete(name)
        else settings.set(name, value)
      }
      const query = settings.toString()
      // A slider changes it often: no entry of the history for each step.
      history.replaceState(null, '', `#${view}${query === '' ? '' : `?${query}`}`)
      setRoute(parseRoute(location.hash))
    },
  ]
}
