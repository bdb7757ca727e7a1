import { useEffect, useMemo, useState } from 'preact/hooks'
import type { ReadAnswer } from '../../../src/protocol/answers.js'
import { counted, formatCount, formatDuration } from '../quantity.js'
import { useRoute } from '../shell/route.js'
import { useLiveState, useSource } from '../shell/use-source.js'
import { fromBase64, parseKey, printable, textOf } from '../source/bytes.js'
import type { TreeTables } from '../source/tree-tables.js'
import { ReadStepCard } from './read-step.js'

/** A read of a key, place by place, on the real tables. */
export function ReadView() {
  const source = useSource()
  const { tables } = useLiveState()
  const [{ settings }, change] = useRoute()
  const key = settings.get('key') ?? undefined
  const [typed, setTyped] = useState(key ?? '')
  const [answer, setAnswer] = useState<ReadAnswer>()
  const [failure, setFailure] = useState<string>()
  const [reads, setReads] = useState(0)

  useEffect(() => {
    if (key === undefined) return
    setTyped(key)
    let isCurrent = true
    source.read(parseKey(key)).then(
      (found) => isCurrent && (setAnswer(found), setFailure(undefined)),
      (error: Error) => isCurrent && setFailure(error.message),
    )
    return () => {
      isCurrent = false
    }
  }, [key, reads])

  const read = (text: string): void => {
    if (text === '') return
    change({ key: text })
    // The same key again shows what the cache has learned.
    setReads((count) => count + 1)
  }
  return (
    <div class="view narrow">
      <h1 class="hidden">Read</h1>
      <form
        class="read-form"
        onSubmit={(event) => {
          event.preventDefault()
          read(typed)
        }}
      >
        <label>
          <span>Key, as text or as hex after 0x</span>
          <input
            type="text"
            value={typed}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Read
        </button>
      </form>
      <Suggestions tables={tables} onChoose={read} />
      {failure !== undefined && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      {answer !== undefined && failure === undefined && (
        <Answer answer={answer} tableCount={tables.size} />
      )}
    </div>
  )
}

function Answer({ answer, tableCount }: { answer: ReadAnswer; tableCount: number }) {
  const { outcome, steps, durationMs } = answer
  const asked = steps.filter(({ place }) => place === 'table')
  const excluded = asked.filter(({ filter }) => filter === 'absent').length
  const blocks = asked.filter(({ block }) => block !== undefined)
  const fromFile = blocks.filter(({ block }) => block?.cached === false).length
  return (
    <section aria-live="polite">
      <div class="answer panel">
        <span class={`pill pill-${outcome} pill-large`}>{outcome}</span>
        <p>
          {counted(steps.length, 'place')} asked in {formatDuration(durationMs)}. Of{' '}
          {counted(tableCount, 'table')}, key ranges excluded{' '}
          {formatCount(tableCount - asked.length)}, filters {formatCount(excluded)};{' '}
          {counted(blocks.length, 'block')} searched, {formatCount(fromFile)} read from files.
        </p>
      </div>
      <ol class="read-steps" aria-label="Places, newest first">
        {steps.map((step, index) => (
          <ReadStepCard key={index} step={step} />
        ))}
      </ol>
    </section>
  )
}

const suggestionCount = 4

interface SuggestionsProps {
  readonly tables: TreeTables
  readonly onChoose: (key: string) => void
}

/** First keys of some tables, and a key that is probably absent. */
function Suggestions({ tables, onChoose }: SuggestionsProps) {
  // The tables change all the time; the suggestions should not.
  const keys = useMemo(() => suggestionsFrom(tables), [tables.size === 0])
  if (keys.length === 0) return null
  return (
    <div class="suggestions">
      <span class="faint">Try</span>
      {keys.map((key) => (
        <button key={key} type="button" class="chip key" onClick={() => onChoose(key)}>
          {key}
        </button>
      ))}
    </div>
  )
}

function suggestionsFrom(tables: TreeTables): string[] {
  const all = [...tables.values()].map(({ table }) => fromBase64(table.smallestKey))
  const step = Math.max(1, Math.floor(all.length / suggestionCount))
  const some = all.filter((bytes, index) => index % step === 0 && bytes.length > 0)
  const present = [...new Set(some.map((bytes) => printable(bytes, 200)))].slice(0, suggestionCount)
  const last = some.at(-1)
  if (last === undefined) return []
  return [...present, textOf(last) === undefined ? `${printable(last)}00` : `${textOf(last)}?`]
}
