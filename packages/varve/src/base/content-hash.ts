import { createHash } from 'node:crypto'

/** Tells contents apart for certain: SHA-256. */
export class ContentHash {
  private readonly hash = createHash('sha256')

  update(bytes: Uint8Array): void {
    this.hash.update(bytes)
  }

  /** Of all bytes, as 64 hexadecimal digits. Called once, at the end. */
  digest(): string {
    return this.hash.digest('hex')
  }
}

export function contentHashOf(bytes: Uint8Array): string {
  const hash = new ContentHash()
  hash.update(bytes)
  return hash.digest()
}
