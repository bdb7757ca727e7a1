import type { Hello, Note, SampleMessage, StreamMessages } from '../../../src/protocol/messages.js'
import type { TreeEdit, WireLevel } from '../../../src/protocol/tree.js'
import { tablesOf, type TreeTables, withEdit } from './tree-tables.js'

/** Samples that are kept: ten minutes at two a second. */
const maxSamples = 1200
const maxNotes = 200
/** Edits since the page was opened that the time machine can append. */
const maxEdits = 20_000

export type Connection = 'connecting' | 'live' | 'lost' | 'closed'

/** Everything that the page knows of the database. Immutable: each message makes another one. */
export interface LiveState {
  readonly connection: Connection
  readonly hello: Hello | undefined
  readonly levels: readonly WireLevel[]
  readonly tables: TreeTables
  /** Newest last. */
  readonly samples: readonly SampleMessage[]
  /** Newest first. */
  readonly notes: readonly Note[]
  readonly edits: readonly TreeEdit[]
}

export const emptyState: LiveState = {
  connection: 'connecting',
  hello: undefined,
  levels: [],
  tables: new Map(),
  samples: [],
  notes: [],
  edits: [],
}

/** The state after a message. */
export function afterMessage<N extends keyof StreamMessages>(
  state: LiveState,
  name: N,
  message: StreamMessages[N],
): LiveState {
  const reduce = reducers[name] as (state: LiveState, message: StreamMessages[N]) => LiveState
  return reduce(state, message)
}

const reducers: { [N in keyof StreamMessages]: (s: LiveState, m: StreamMessages[N]) => LiveState } =
  {
    hello: (state, hello) => ({ ...state, connection: 'live', hello }),
    tree: (state, tree) => ({ ...state, levels: tree.levels, tables: tablesOf(tree) }),
    edit: (state, edit) => ({
      ...state,
      levels: edit.levels ?? state.levels,
      tables: withEdit(state.tables, edit),
      edits: [...state.edits.slice(-maxEdits), edit],
    }),
    sample: (state, sample) => ({
      ...state,
      samples: [...state.samples.slice(1 - maxSamples), sample],
    }),
    note: (state, note) => ({ ...state, notes: [note, ...state.notes.slice(0, maxNotes - 1)] }),
    closed: (state) => ({ ...state, connection: 'closed' }),
  }
