import { type Database, type Keyspace, open, type OpenOptions } from 'varve'

/** The command works on bytes, so that it reads every database whatever its encodings. */
export type BinaryDatabase = Database<Uint8Array, Uint8Array>

/** The database, or one of its keyspaces: what `--keyspace` names. */
export type BinaryStore = Pick<
  BinaryDatabase,
  keyof Keyspace<unknown, unknown> & keyof BinaryDatabase
>

export function openBinary(path: string, options: OpenOptions = {}): Promise<BinaryDatabase> {
  return open(path, { ...options, keyEncoding: 'binary', valueEncoding: 'binary' })
}

/** An existing keyspace, as bytes whatever its encodings. */
export async function openBinaryKeyspace(db: BinaryDatabase, name: string): Promise<BinaryStore> {
  const info = db.keyspaces().find((one) => one.name === name)
  return db.keyspace(name, {
    keyEncoding: bytesNamed(info?.keyEncoding ?? 'binary'),
    valueEncoding: bytesNamed(info?.valueEncoding ?? 'binary'),
    createIfMissing: false,
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
