import type { Figures, KeyspaceFigures, Metric, Sample } from './metric.js'

/** Keyspaces that have values of their own: the oldest ones, so that the set changes seldom. */
const maxNamedKeyspaces = 50
/** The value of the attribute for the others. */
const otherKeyspaces = '*'

/** The figures of keyspaces. The empty name is that of the default one. */
export const keyspaceMetrics: readonly Metric[] = [
  {
    name: 'varve.keyspace.size',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Bytes of the tables of the keyspace',
    read: eachKeyspace(
      ({ tables }) => tables.sizeBytes,
      ({ sizeBytes }) => sizeBytes,
    ),
  },
  {
    name: 'varve.keyspace.tables',
    kind: 'upDownCounter',
    unit: '{table}',
    description: 'Number of tables of the keyspace',
    read: eachKeyspace(
      ({ tables }) => tables.count,
      ({ tables }) => tables,
    ),
  },
  {
    name: 'varve.keyspace.memtables',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Memory that the memtables of the keyspace use',
    read: eachKeyspace(
      ({ memory }) => memory.memtables,
      ({ memtableBytes }) => memtableBytes,
    ),
  },
  {
    name: 'varve.keyspace.gets',
    kind: 'counter',
    unit: '{operation}',
    description: 'Keys looked up in the keyspace',
    read: eachKeyspace(
      ({ operations }) => operations.gets,
      ({ gets }) => gets,
    ),
  },
  {
    name: 'varve.keyspace.scans',
    kind: 'counter',
    unit: '{operation}',
    description: 'Range scans started in the keyspace',
    read: eachKeyspace(
      ({ operations }) => operations.scans,
      ({ scans }) => scans,
    ),
  },
]

/** One value for each keyspace. The default one has what is left of the whole. */
function eachKeyspace(
  whole: (stats: Figures['stats']) => number,
  part: (keyspace: KeyspaceFigures) => number,
): Metric['read'] {
  return ({ stats, keyspaces }) => {
    const values = new Map([['', whole(stats)]])
    const add = (name: string, value: number): void => {
      values.set(name, (values.get(name) ?? 0) + value)
    }
    for (const [index, keyspace] of keyspaces.entries()) {
      const value = part(keyspace)
      add(index < maxNamedKeyspaces ? keyspace.name : otherKeyspaces, value)
      add('', -value)
    }
    return Array.from(values, ([keyspace, value]): Sample => ({ value, attributes: { keyspace } }))
  }
}
