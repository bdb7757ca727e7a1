import { useState } from 'preact/hooks'
import { useRoute } from '../shell/route.js'
import { KeyDetails } from './key-details.js'
import { KeyList } from './key-list.js'

/** Keys as a tree, values, and the bytes of blocks. */
export function DataView() {
  const [{ settings }, change] = useRoute()
  const prefix = settings.get('prefix') ?? ''
  const key = settings.get('key') ?? undefined
  const [typed, setTyped] = useState(prefix)
  const go = (to: string): void => {
    setTyped(to)
    change({ prefix: to === '' ? undefined : to })
  }
  return (
    <div class="view data">
      <h1 class="hidden">Data</h1>
      <section class="panel key-panel" aria-label="Keys">
        <form
          class="prefix-form"
          onSubmit={(event) => {
            event.preventDefault()
            go(typed)
          }}
        >
          <label>
            <span class="hidden">Prefix of the keys</span>
            <input
              type="text"
              class="key"
              placeholder="all keys; type a prefix"
              value={typed}
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
          <button type="submit">Show</button>
        </form>
        <Crumbs prefix={prefix} onPrefix={go} />
        <KeyList
          prefix={prefix}
          selected={key}
          onPrefix={go}
          onKey={(chosen) => change({ key: chosen })}
        />
      </section>
      <div class="main">
        {key === undefined ? (
          <p class="panel hint">
            Choose a key to see its value, where it is stored, and its bytes.
          </p>
        ) : (
          <KeyDetails text={key} />
        )}
      </div>
    </div>
  )
}

/** The prefixes that lead to this one. */
function Crumbs({ prefix, onPrefix }: { prefix: string; onPrefix: (prefix: string) => void }) {
  const ends = [...prefix.matchAll(/[/:|!]/g)].map(({ index }) => index + 1)
  const parts = ends.map((end, i) => ({
    to: prefix.slice(0, end),
    text: prefix.slice(ends[i - 1] ?? 0, end),
  }))
  return (
    <nav class="crumbs" aria-label="Prefixes">
      <button type="button" class="quiet" disabled={prefix === ''} onClick={() => onPrefix('')}>
        all keys
      </button>
      {parts.map(({ to, text }) => (
        <button
          key={to}
          type="button"
          class="quiet key"
          disabled={to === prefix}
          onClick={() => onPrefix(to)}
        >
          {text}
        </button>
      ))}
    </nav>
  )
}
