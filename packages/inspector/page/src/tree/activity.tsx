import type { Note } from '../../../src/protocol/messages.js'
import { counted, formatBytes, formatDuration, formatTime } from '../quantity.js'

const maxShown = 40

/** What happened last, newest first. */
export function Activity({ notes }: { notes: readonly Note[] }) {
  return (
    <section class="panel activity" aria-label="Activity">
      <h2>Activity</h2>
      {notes.length === 0 ? (
        <p class="hint">Flushes, compactions and stalls appear here as they happen.</p>
      ) : (
        <ol class="notes" tabIndex={0} aria-label="Events, newest first">
          {notes.slice(0, maxShown).map((note, index) => (
            <li key={notes.length - index} class={`note note-${note.kind}`}>
              <time>{formatTime(note.atMs)}</time>
              <span>
                <strong>{titleOf(note)}</strong> {textOf(note)}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function titleOf(note: Note): string {
  if (note.kind !== 'compaction') return note.kind
  const { inputLevels, outputLevel, kind } = note.event
  return `${kind} L${inputLevels.join('+L')} → L${outputLevel}`
}

function textOf(note: Note): string {
  switch (note.kind) {
    case 'flush': {
      const { entryCount, sizeBytes, durationMs } = note.event
      const entries = counted(entryCount, 'entry', 'entries')
      return `${entries}, ${formatBytes(sizeBytes)} in ${formatDuration(durationMs)}`
    }
    case 'compaction': {
      const { kind, inputTables, outputTables, droppedEntries, durationMs, reason } = note.event
      if (kind !== 'merge') return `${counted(inputTables, 'table')}: ${reason}`
      const dropped =
        droppedEntries === 0 ? '' : `, dropped ${counted(droppedEntries, 'entry', 'entries')}`
      return (
        `${counted(inputTables, 'table')} to ${outputTables}${dropped} ` +
        `in ${formatDuration(durationMs)}: ${reason}`
      )
    }
    case 'policy':
      return `${note.event.from} to ${note.event.to}: ${note.event.reason}`
    case 'stall':
      return `${note.event.severity}: ${note.event.message}`
    case 'error':
    case 'warning':
      return `${note.code}: ${note.message}`
  }
}
