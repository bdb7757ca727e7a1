import { useEffect, useState } from 'preact/hooks'
import type { KeyItem } from '../../../src/protocol/answers.js'
import { counted, formatBytes } from '../quantity.js'
import { useSource } from '../shell/use-source.js'
import { fromBase64, parseKey, printable } from '../source/bytes.js'

interface KeyListProps {
  readonly prefix: string
  readonly selected: string | undefined
  readonly onPrefix: (prefix: string) => void
  readonly onKey: (key: string) => void
}

/** The keys below a prefix, a page at a time. */
export function KeyList({ prefix, selected, onPrefix, onKey }: KeyListProps) {
  const source = useSource()
  const [items, setItems] = useState<readonly KeyItem[]>([])
  const [next, setNext] = useState<string>()
  const [isLoading, setLoading] = useState(true)
  const [failure, setFailure] = useState<string>()
  const load = (after?: string): void => {
    setLoading(true)
    setFailure(undefined)
    source.keys(parseKey(prefix), after).then(
      (page) => {
        setItems((before) => (after === undefined ? page.items : [...before, ...page.items]))
        setNext(page.next)
        setLoading(false)
      },
      (error: Error) => {
        setFailure(error.message)
        setLoading(false)
      },
    )
  }
  useEffect(() => load(), [prefix])
  return (
    <>
      <ul class="keys" aria-label="Keys">
        {items.map((item) =>
          item.kind === 'key' ? (
            <KeyRow key={item.key} item={item} selected={selected} onKey={onKey} />
          ) : (
            <GroupRow key={item.prefix} item={item} onPrefix={onPrefix} />
          ),
        )}
      </ul>
      {isLoading && <p class="hint">reading keys</p>}
      {failure !== undefined && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      {!isLoading && failure === undefined && items.length === 0 && (
        <p class="hint">No key starts like this.</p>
      )}
      {next !== undefined && !isLoading && (
        <button type="button" onClick={() => load(next)}>
          More keys
        </button>
      )}
    </>
  )
}

interface KeyRowProps {
  readonly item: Extract<KeyItem, { kind: 'key' }>
  readonly selected: string | undefined
  readonly onKey: (key: string) => void
}

function KeyRow({ item, selected, onKey }: KeyRowProps) {
  const text = printable(fromBase64(item.key), Infinity)
  return (
    <li>
      <button
        type="button"
        class="key-row key"
        aria-current={text === selected ? 'true' : undefined}
        onClick={() => onKey(text)}
      >
        {text}
      </button>
    </li>
  )
}

interface GroupRowProps {
  readonly item: Extract<KeyItem, { kind: 'group' }>
  readonly onPrefix: (prefix: string) => void
}

function GroupRow({ item, onPrefix }: GroupRowProps) {
  const text = printable(fromBase64(item.prefix), Infinity)
  return (
    <li>
      <button type="button" class="key-row group-row" onClick={() => onPrefix(text)}>
        <span class="key">{text}…</span>
        <span class="faint">
          {item.hasMore ? 'over ' : ''}
          {counted(item.keyCount, 'key')}
          {item.sizeBytes > 0 ? `, ${formatBytes(item.sizeBytes)}` : ''}
        </span>
      </button>
    </li>
  )
}
