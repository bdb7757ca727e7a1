import { createHash } from 'node:crypto'

/** SHA-256 of a file's content: equal hashes mean equal contents. */
export class ContentHash {
  private readonly hash = createHash('sha256')

  update(bytes: Uint8Array): void {
    this.hash.update(bytes)
  }

  /** The hash of all bytes, as 64 hexadecimal digits. Call it once, at the end. */
  digest(): string {
    return this.hash.digest('hex')
  }
}

export function contentHashOf(bytes: Uint8Array): string {
  const hash = new ContentHash()
  hash.update(bytes)
  return hash.digest()
}
