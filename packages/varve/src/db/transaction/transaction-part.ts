import type { StoreCore } from '../read/read-core.js'
import type { OperationEncoder } from '../write/operation-encoder.js'

/** What a transaction needs of a keyspace. */
export interface TransactionPart {
  readonly core: StoreCore
  readonly operations: OperationEncoder
}
