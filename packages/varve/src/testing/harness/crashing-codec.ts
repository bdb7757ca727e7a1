import { isMainThread } from 'node:worker_threads'
import type { BlockCodec } from '../../sstable/block/codec.js'

/** A codec that ends the thread that uses it, except the main thread. */
export const codec: BlockCodec = {
  id: 78,
  name: 'crashing',
  compress(bytes) {
    if (!isMainThread) process.exit(1)
    return bytes
  },
  decompress: (bytes) => bytes,
}
