import { readExpiry } from '../key/expiry.js'
import { ValueKind } from '../key/value-kind.js'
import type { TableProperties } from './format/properties.js'

/** The properties that depend only on entries. */
const names = [
  'entryCount',
  'deleteCount',
  'expiringCount',
  'lastExpiryMs',
  'keyBytes',
  'valueBytes',
] as const

/**
 * Entry counts for checking a table. The writer counts separately, so that a mistake in either one
 * shows.
 */
export class EntryCounts implements Pick<TableProperties, (typeof names)[number]> {
  entryCount = 0
  deleteCount = 0
  expiringCount = 0
  lastExpiryMs = 0
  keyBytes = 0
  valueBytes = 0
  /** Entries after a newer version of their key. */
  olderVersions = 0

  /** Counts an entry with the key `bytes[keyStart, keyEnd)` and its value up to `valueEnd`. */
  add(kind: number, bytes: Uint8Array, keyStart: number, keyEnd: number, valueEnd: number): void {
    this.entryCount++
    if (kind === ValueKind.delete) this.deleteCount++
    if (kind === ValueKind.putWithExpiry) {
      this.expiringCount++
      this.lastExpiryMs = Math.max(this.lastExpiryMs, readExpiry(bytes, keyEnd))
    }
    this.keyBytes += keyEnd - keyStart
    this.valueBytes += valueEnd - keyEnd
  }

  addAll(other: EntryCounts): void {
    this.entryCount += other.entryCount
    this.deleteCount += other.deleteCount
    this.expiringCount += other.expiringCount
    this.lastExpiryMs = Math.max(this.lastExpiryMs, other.lastExpiryMs)
    this.keyBytes += other.keyBytes
    this.valueBytes += other.valueBytes
    this.olderVersions += other.olderVersions
  }

  protected clear(): void {
    for (const name of names) this[name] = 0
    this.olderVersions = 0
  }

  /** Describes each property that differs from the counts. */
  *problemsWith(properties: TableProperties): Generator<string> {
    for (const name of names) {
      if (this[name] !== properties[name]) {
        yield `${this[name]} instead of ${properties[name]} as ${name}`
      }
    }
    // Earlier versions of Varve did not count them; later ones also count entries under range
    // deletes.
    const { shadowedCount } = properties
    if (shadowedCount > 0 && this.olderVersions > shadowedCount) {
      yield `${this.olderVersions} instead of ${shadowedCount} as shadowedCount`
    }
  }
}
