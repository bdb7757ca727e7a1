import type { StoreCore } from '../read/read-core.js'
import type { OperationEncoder } from '../write/operation-encoder.js'

/** The parts of a keyspace that a transaction needs. */
export interface TransactionPart {
  readonly core: StoreCore
  readonly operations: OperationEncoder
}
