import { type BinaryDatabase, type BinaryKeyspace, latin1 } from '../../harness/binary-stores.js'
import { type KeyspaceShape, optionsOf } from '../../harness/keyspace-shape.js'
import { nameOf } from '../../kit/oracle.js'

/** All entries of a database by name, in the order of names. Creates no keyspace. */
export async function namedEntries(
  db: BinaryDatabase,
  shapes: readonly KeyspaceShape[],
): Promise<[string, Uint8Array][]> {
  const found = [...db.entries()].map(([key, value]): [string, Uint8Array] => [latin1(key), value])
  const names = new Set(db.keyspaces().map(({ name }) => name))
  for (const [i, shape] of shapes.entries()) {
    if (!names.has(shape.name)) continue
    const store = (await db.keyspace(shape.name, optionsOf(shape))) as BinaryKeyspace
    for (const [key, value] of store.entries()) found.push([nameOf(latin1(key), i + 1), value])
  }
  return found
}
