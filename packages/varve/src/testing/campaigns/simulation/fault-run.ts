import type { ErrorCode } from '../../../base/errors.js'
import type {
  Fault,
  FileOperation,
  OperationKind,
} from '../../../fs/simulated/faulty-file-system.js'
import { bytes } from '../../harness/comparison.js'
import type { Write } from '../../kit/oracle.js'
import { crashKinds, type CrashImage, exercise, fateOf, isChange } from './crash-image.js'
import type { RunResult } from './crash-run.js'
import type { Scenario } from './scenario.js'
import { Simulation } from './simulation.js'
import { nextTurn } from './virtual-time.js'

/** The operation of a run that fails, and how it fails. */
interface PlannedFault {
  /** The index of the operation within the run. */
  readonly operation: number
  readonly kind: FaultKind
  /** Whether every later operation of these kinds fails too. */
  readonly forEver: boolean
}

type FaultKind = 'EIO' | 'ENOSPC' | 'EMFILE' | 'short write'

const growing = [
  'append',
  'create',
  'link',
  'makeDirectory',
  'rename',
  'reserve',
  'rewrite',
] as const
const syncing = ['sync', 'syncDirectory'] as const
const opening = ['create', 'list', 'openForAppend', 'openForRead'] as const
const others = ['freeBytes', 'read', 'realPath', 'remove', 'sizeBytes', 'truncate'] as const

/** The operations that each kind of fault can hit. */
const met: Record<FaultKind, ReadonlySet<OperationKind>> = {
  EIO: new Set<OperationKind>([...growing, ...syncing, ...opening, ...others]),
  ENOSPC: new Set<OperationKind>([...growing, ...syncing]),
  EMFILE: new Set<OperationKind>([...opening, 'syncDirectory']),
  'short write': new Set<OperationKind>(['append']),
}

/** A failure of one of these leaves the state of the disk unknown. */
const poisoning = new Set<OperationKind>([...syncing, 'truncate', 'rename'])

/** Crashes are taken only in this many operations after the failed one. */
const maxImages = 8

/** Longer than the delay before any retry of a job. */
const retryMs = 60_000

/** Every fault that can hit an operation of the scenario, once and permanently. */
export async function plannedFaults(scenario: Scenario): Promise<PlannedFault[]> {
  const operations: OperationKind[] = []
  const run = new FaultRun(scenario, undefined, ({ kind }) => void operations.push(kind))
  await run.run()
  const kinds = Object.keys(met) as FaultKind[]
  return operations.flatMap((operationKind, operation) =>
    kinds
      .filter((kind) => met[kind].has(operationKind))
      .flatMap((kind) => [false, true].map((forEver) => ({ operation, kind, forEver }))),
  )
}

/**
 * Runs a scenario in which a file operation fails. Until the fault is over, reads return the right
 * answer or fail. Afterwards all acknowledged writes are there, and the database works again.
 */
export async function runFault(scenario: Scenario, fault: PlannedFault): Promise<RunResult> {
  const run = new FaultRun(scenario, fault, () => {})
  await run.run()
  const { images, trace } = run.simulation
  return { images, digest: trace.digest() }
}

class FaultRun {
  readonly simulation: Simulation
  /** Descriptions of the failed operations. */
  private readonly failed: string[] = []
  /** Crash images from the operations right after the failure. */
  private readonly taken: CrashImage[] = []
  private imagesLeft = maxImages
  private isUncertain = false
  private isOver = false

  constructor(
    scenario: Scenario,
    private readonly fault: PlannedFault | undefined,
    private readonly onOperation: (operation: FileOperation) => void,
  ) {
    this.simulation = new Simulation(scenario, {
      before: (operation, number) => this.before(operation, number),
      mayFail: ({ code }) => this.mayFail(code),
      circumstances: () => this.describe(),
    })
  }

  async run(): Promise<void> {
    const { simulation } = this
    await simulation.run(async () => {
      for (const image of this.taken.splice(0)) await simulation.checkImage(image)
    })
    await simulation.attempt(simulation.scenario.steps.length, () => this.end())
  }

  private async end(): Promise<void> {
    const { simulation } = this
    for (const kind of crashKinds) {
      await simulation.checkImage(simulation.takeImage(kind, 'the end'))
    }
    this.isOver = true
    await this.goOn()
    const { client, memory, random } = simulation
    await client.close()
    const image = simulation.takeImage('kill', 'closing')
    const { found, history } = await simulation.checkImage(image)
    await exercise({ ...image, history, left: memory }, found, simulation.scenario, random)
  }

  /** After the fault, reads must succeed. Writes and jobs must too, unless a sync failed. */
  private async goOn(): Promise<void> {
    const { client, clock } = this.simulation
    if (client.db === undefined) await client.open()
    for (let ms = 0; ms < retryMs; ms += 1000) {
      clock.advance(1000)
      await nextTurn()
    }
    await client.checkAll()
    const writes: Write[] = [{ type: 'put', key: 'goes on', value: bytes('') }]
    await client.run({ type: 'write', writes, sync: true })
    await client.run({ type: 'flush', wait: true })
    await client.run({ type: 'compact', range: {}, wait: true })
    await client.checkAll()
    if (client.isPoisoned && !this.isUncertain) throw new Error('poisoned for no reason')
  }

  private mayFail(code: ErrorCode): boolean {
    if (this.failed.length === 0) return false
    // A job that failed too often stops until the next open, except that a full disk is retried.
    return !this.isOver || code === 'POISONED' || (code === 'IO' && !this.isFullDisk)
  }

  private get isFullDisk(): boolean {
    return this.fault?.kind === 'ENOSPC' || this.fault?.kind === 'short write'
  }

  private before(operation: FileOperation, number: number): Fault | undefined {
    this.onOperation(operation)
    const { fault, simulation, isOver } = this
    if (this.failed.length > 0 && this.imagesLeft > 0 && isChange(operation.kind)) {
      this.imagesLeft--
      const crash = simulation.random.pick(crashKinds)
      this.taken.push(simulation.takeImage(crash, `${operation.kind} ${operation.path}`))
    }
    if (fault === undefined || isOver || number < fault.operation) return undefined
    if (number > fault.operation && !(fault.forEver && met[fault.kind].has(operation.kind))) {
      return undefined
    }
    const { kind, path, bytes: length = 0 } = operation
    this.failed.push(`${kind} ${path}`)
    if (poisoning.has(kind)) this.isUncertain = true
    if (kind === 'truncate') simulation.history.mayLinger = true
    if (kind === 'sync') {
      const { random, memory } = simulation
      memory.failSync(path, fateOf(random.pick(['none', 'random', 'torn']), random))
    }
    if (fault.kind !== 'short write') return { systemCode: fault.kind }
    return { systemCode: 'ENOSPC', shortWriteBytes: simulation.random.below(length + 1) }
  }

  private describe(): string {
    const { fault, failed } = this
    if (fault === undefined) return ''
    const howOften = fault.forEver ? 'for ever' : 'once'
    return `, ${fault.kind} ${howOften} from operation ${fault.operation} (${failed[0] ?? 'none'})`
  }
}
