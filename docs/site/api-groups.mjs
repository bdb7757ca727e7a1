import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'

/**
 * The exports of `varve`, by the words over them in the reference, in the order in which they are
 * listed.
 */
const groups = {
  'Start here': [
    'open',
    'Database',
    'OpenOptions',
    'Keyspace',
    'KeyspaceOptions',
    'KeyspaceInfo',
    'KeyspaceOperation',
    'Operations',
    'OperationOn',
    'KeyOf',
    'ValueOf',
    'TreeTuning',
    'AnyStore',
    'KeyValueReader',
    'KeyValueStore',
    'Snapshot',
    'Cursor',
    'EntryRange',
    'destroy',
    'DestroyOptions',
  ],
  Transactions: [
    ...['Transaction', 'TransactionStore', 'TransactionOptions', 'Savepoint'],
    ...['AtomicOperation', 'VersionedValue', 'IndexedWriteBatch'],
  ],
  'Options of reads and writes': [
    ...[
      'PutOptions',
      'WriteOptions',
      'BatchOperation',
      'ReadOptions',
      'RangeOptions',
      'IterateOptions',
    ],
    ...['CursorOptions', 'Projection', 'Projected', 'CompactOptions', 'CompactProgress'],
  ],
  'Options of open': [
    ...[
      'Durability',
      'BackgroundOption',
      'CompactionPolicy',
      'CompactionOptions',
      'FixedCompactionOptions',
    ],
    ...[
      'AdaptiveCompactionOptions',
      'RunPolicy',
      'RunThresholds',
      'StallThresholds',
      'FifoThresholds',
    ],
    ...['AdaptiveThresholds', 'FilterAllocation', 'AnyOpenOptions'],
  ],
  Encodings: ['json', 'EncodingOption', 'EncodingName', 'Decoded', 'ViewOf'],
  Errors: ['VarveError', 'ErrorCode', 'ErrorDetails'],
  Events: [
    ...[
      'DatabaseEvents',
      'FlushEvent',
      'CompactionEvent',
      'CompactionKind',
      'StallEvent',
      'StallCause',
    ],
    ...[
      'PolicyChange',
      'ChannelMessages',
      'AboutDatabase',
      'LifeMessage',
      'CommitMessage',
      'ErrorMessage',
    ],
    'WatchedDatabase',
  ],
  'Figures and reports': [
    ...[
      'Stats',
      'KeyspaceStats',
      'StallStats',
      'LevelInfo',
      'TableInfo',
      'MemTableInfo',
      'Explanation',
    ],
    ...['ExplainStep', 'ExplainOptions', 'FilterProbes', 'IndexSearchStep'],
    ...['CheckpointReport', 'BackupReport'],
  ],
  'Extension points': [
    ...[
      'Codec',
      'Encoding',
      'ByteSink',
      'CodecsByLevel',
      'UserBlockCodec',
      'BlockCodec',
      'FileSystem',
      'ReadableFile',
    ],
    ...['WritableFile', 'Clock', 'CancelTimer'],
  ],
}

/**
 * Groups the exports of `varve`. An export without a group fails the build, as does a group's stale
 * name.
 */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const names = engineOf(project).children.map(({ name }) => name)
    const grouped = Object.values(groups).flat()
    const missing = names.filter((name) => !grouped.includes(name))
    const stale = grouped.filter((name) => !names.includes(name))
    for (const name of missing) app.logger.error(`${name} has no group in docs/site/api-groups.mjs`)
    for (const name of stale) app.logger.error(`docs/site/api-groups.mjs: varve exports no ${name}`)
    for (const child of engineOf(project).children) setGroup(child)
  })
  app.converter.on(Converter.EVENT_RESOLVE_END, sortGroups, afterGrouping)
}

/** Runs after TypeDoc's own listeners, one of which makes the groups. */
const afterGrouping = -1000

function sortGroups({ project }) {
  for (const { title, children } of engineOf(project).groups) {
    const order = groups[title]
    children.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  }
  const modules = project.groups.find(({ title }) => title === 'Modules')
  // `varve` and its other entries first, then the packages that build on it.
  modules.children.sort((a, b) => Number(a.name.startsWith('@')) - Number(b.name.startsWith('@')))
}

function engineOf(project) {
  return project.children.find(({ name }) => name === 'varve')
}

function setGroup(child) {
  const title = Object.keys(groups).find((each) => groups[each].includes(child.name))
  if (title === undefined) return
  // The comment of a function belongs to its signature.
  const owner = child.kindOf(ReflectionKind.Function) ? child.signatures[0] : child
  owner.comment ??= new Comment()
  owner.comment.blockTags.push(new CommentTag('@group', [{ kind: 'text', text: title }]))
}
