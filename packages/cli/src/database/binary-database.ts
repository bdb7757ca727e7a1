import { UsageError } from '../exit-code.js'
import { type Database, type Keyspace, open, type OpenOptions } from 'varve'

/** The command works on bytes, so that it reads every database whatever its encodings. */
export type BinaryDatabase = Database<Uint8Array, Uint8Array>

/** The database, or one of its keyspaces: what `--keyspace` names. */
export type BinaryStore = Pick<
  BinaryDatabase,
  Exclude<keyof BinaryKeyspace & keyof BinaryDatabase, 'stats'>
>

export type BinaryKeyspace = Keyspace<Uint8Array, Uint8Array>

export function openBinary(path: string, options: OpenOptions = {}): Promise<BinaryDatabase> {
  return open(path, { ...options, keyEncoding: 'binary', valueEncoding: 'binary' })
}

/** An existing keyspace, as bytes whatever its encodings. */
export async function openBinaryKeyspace(
  db: BinaryDatabase,
  name: string,
): Promise<BinaryKeyspace> {
  const info = db.keyspaces().find((one) => one.name === name)
  return db.keyspace(name, {
    keyEncoding: bytesNamed(info?.keyEncoding ?? 'binary'),
    valueEncoding: bytesNamed(info?.valueEncoding ?? 'binary'),
    createIfMissing: false,
  })
}

/** Creates a keyspace for programs that open it with these encodings. */
export async function createBinaryKeyspace(
  db: BinaryDatabase,
  name: string,
  keyEncoding: string,
  valueEncoding: string,
): Promise<void> {
  if (db.keyspaces().some((one) => one.name === name)) {
    throw new UsageError(`keyspace '${name}' already exists`)
  }
  await db.keyspace(name, {
    keyEncoding: bytesNamed(keyEncoding),
    valueEncoding: bytesNamed(valueEncoding),
  })
}

/** An encoding that leaves bytes as they are, under the name that the keyspace expects. */
function bytesNamed(name: string) {
  return {
    name,
    encode: (bytes: Uint8Array): Uint8Array => bytes,
    decode: (bytes: Uint8Array): Uint8Array => bytes,
  }
}
