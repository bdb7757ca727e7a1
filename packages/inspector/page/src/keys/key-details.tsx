import { useEffect, useState } from 'preact/hooks'
import type { ReadAnswer, ValueAnswer } from '../../../src/protocol/answers.js'
import { formatBytes, formatCount } from '../quantity.js'
import { useSource } from '../shell/use-source.js'
import { fromBase64, parseKey } from '../source/bytes.js'
import { BlockView } from './block-view.js'
import { showValue } from './value-text.js'

/** A key: its value, where it is stored, and the bytes there. */
export function KeyDetails({ text }: { text: string }) {
  const source = useSource()
  const [loaded, setLoaded] = useState<{ value: ValueAnswer; read: ReadAnswer }>()
  const [failure, setFailure] = useState<string>()
  useEffect(() => {
    let isCurrent = true
    const key = parseKey(text)
    Promise.all([source.value(key), source.read(key)]).then(
      ([value, read]) => isCurrent && (setLoaded({ value, read }), setFailure(undefined)),
      (error: Error) => isCurrent && setFailure(error.message),
    )
    return () => {
      isCurrent = false
    }
  }, [text])
  if (failure !== undefined) return <p class="failure">{failure}</p>
  if (loaded === undefined) return <p class="hint">reading the value</p>
  const { value, read } = loaded
  const step = read.steps.at(-1)
  return (
    <>
      <section class="panel">
        <h2 class="key">{text}</h2>
        <Value value={value} />
      </section>
      <section class="panel stored">
        <h2>Where it is stored</h2>
        <p>
          {step?.place !== 'table'
            ? 'In a memtable, and in the log.'
            : `In table ${step.fileNumber} on level ${step.level}.`}{' '}
          {step?.sequence !== undefined && `Sequence ${formatCount(step.sequence)}. `}
          <a href={`#read?key=${encodeURIComponent(text)}`}>See the read</a>
        </p>
        {step?.place === 'table' && step.block !== undefined && step.fileNumber !== undefined && (
          <BlockView fileNumber={step.fileNumber} block={step.block} wanted={parseKey(text)} />
        )}
      </section>
    </>
  )
}

function Value({ value }: { value: ValueAnswer }) {
  if (!value.found) return <p class="hint">The key has no value.</p>
  const bytes = fromBase64(value.start)
  const isWhole = bytes.length === value.sizeBytes
  const { as, text } = showValue(bytes, isWhole)
  return (
    <>
      <p class="faint">
        {formatBytes(value.sizeBytes)}, shown as {as}
        {isWhole ? '' : `; the first ${formatBytes(bytes.length)}`}
      </p>
      <pre class="value" tabIndex={0} aria-label="Value">
        {text === '' ? <span class="faint">empty</span> : text}
      </pre>
    </>
  )
}
