import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { LiveState } from '../source/live-state.js'
import type { Source } from '../source/source.js'

export const SourceContext = createContext<Source | undefined>(undefined)

export function useSource(): Source {
  const source = useContext(SourceContext)
  if (source === undefined) throw new Error('no source')
  return source
}

/** The state of the database; draws again with each change, once per frame at most. */
export function useLiveState(): LiveState {
  const source = useSource()
  const [state, setState] = useState(source.state)
  useEffect(() => {
    let frame = 0
    const update = (): void => {
      frame = 0
      setState(source.state)
    }
    const end = source.subscribe(() => {
      frame ||= requestAnimationFrame(update)
    })
    update()
    return () => {
      end()
      cancelAnimationFrame(frame)
    }
  }, [source])
  return state
}
