import { useEffect, useRef, useState } from 'preact/hooks'
import { useLiveState, useSource } from '../shell/use-source.js'
import { differenceOf } from '../source/tree-tables.js'
import { Timeline } from './timeline.js'

/** Live edits that are appended before the oldest are dropped with a new start. */
const maxMoments = 200_000

/** The history of the MANIFEST, continued by the live tree. `version` changes with each edit. */
export function useTimeline(): {
  timeline: Timeline | undefined
  version: number
  failure: string | undefined
} {
  const source = useSource()
  const { tables } = useLiveState()
  const timeline = useRef<Timeline>(undefined)
  const [version, setVersion] = useState(0)
  const [failure, setFailure] = useState<string>()

  useEffect(() => {
    source.history().then(
      (steps) => {
        timeline.current = new Timeline(steps)
        setVersion((number) => number + 1)
      },
      (error: Error) => setFailure(error.message),
    )
  }, [source])

  useEffect(() => {
    const shown = timeline.current
    if (shown === undefined || shown.length >= maxMoments) return
    const edit = differenceOf(shown.last, tables, Date.now())
    if (edit === undefined) return
    shown.append(edit)
    setVersion((number) => number + 1)
  }, [tables, timeline.current])

  return { timeline: timeline.current, version, failure }
}
