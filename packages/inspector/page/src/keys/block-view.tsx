import { useEffect, useState } from 'preact/hooks'
import type { ReadStep } from '../../../src/protocol/answers.js'
import { counted, formatBytes, formatCount } from '../quantity.js'
import { useSource } from '../shell/use-source.js'
import { compareBytes, hexOf, printable, textOf } from '../source/bytes.js'
import { type BlockEntry, explainBlock, type Field } from './block-layout.js'

interface BlockViewProps {
  readonly fileNumber: number
  readonly block: NonNullable<ReadStep['block']>
  readonly wanted: Uint8Array
}

/** The block that holds a key: its entries, and the bytes of each field of one of them. */
export function BlockView({ fileNumber, block, wanted }: BlockViewProps) {
  const source = useSource()
  const { offset, sizeBytes } = block
  const [bytes, setBytes] = useState<Uint8Array>()
  const [failure, setFailure] = useState<string>()
  const [chosen, setChosen] = useState<number>()
  useEffect(() => {
    setBytes(undefined)
    setChosen(undefined)
    source.block(fileNumber, offset, sizeBytes).then(setBytes, (error: Error) => {
      setFailure(error.message)
    })
  }, [fileNumber, offset])
  if (failure !== undefined) return <p class="failure">{failure}</p>
  if (bytes === undefined) return <p class="hint">reading the block</p>
  const layout = explainBlock(bytes)
  if (!layout.isReadable) return <p class="hint">{layout.reason}</p>
  const { entries, tail } = layout
  const found = entries.findIndex(({ key }) => compareBytes(key, wanted) === 0)
  const index = chosen ?? Math.max(0, found)
  return (
    <>
      <p>
        {formatBytes(sizeBytes)} at offset {formatCount(offset)} of table {fileNumber}:{' '}
        {counted(entries.length, 'entry', 'entries')}.
      </p>
      <ol class="block-entries" aria-label="Entries of the block">
        {entries.map((entry, i) => (
          <li key={entry.start}>
            <button
              type="button"
              class={i === found ? 'entry entry-found' : 'entry'}
              aria-pressed={i === index}
              onClick={() => setChosen(i)}
            >
              {printable(entry.key, 40)}
            </button>
          </li>
        ))}
      </ol>
      <EntryBytes bytes={bytes} entry={entries[index]} />
      <h3>After the entries</h3>
      <Fields bytes={bytes} fields={tail} />
    </>
  )
}

function EntryBytes({ bytes, entry }: { bytes: Uint8Array; entry: BlockEntry | undefined }) {
  if (entry === undefined) return null
  return (
    <>
      <h3>
        Entry at byte {formatCount(entry.start)}, {formatBytes(entry.end - entry.start)}
      </h3>
      <Fields bytes={bytes} fields={entry.fields} />
    </>
  )
}

const maxHexBytes = 24

function Fields({ bytes, fields }: { bytes: Uint8Array; fields: readonly Field[] }) {
  return (
    <dl class="fields">
      {fields.map(({ start, end, name, text }) => {
        const part = bytes.subarray(start, end)
        const shown = hexOf(part.subarray(0, maxHexBytes)).replace(/../g, '$& ').trimEnd()
        return (
          <div key={start} class={`byte-field field-${name.split(' ').at(-1)}`}>
            <dt>{name}</dt>
            <dd>
              <span class="hex">
                {shown}
                {part.length > maxHexBytes ? ' …' : ''}
              </span>
              <span class="faint"> {text === '' ? (textOf(part) ?? '') : text}</span>
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
