import { Prng } from '../../../base/prng.js'
import type { VarveError } from '../../../base/errors.js'
import {
  type Fault,
  FaultyFileSystem,
  type FileOperation,
} from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import { removeCheckpoint } from './checkpoint-removal.js'
import { Client } from './client.js'
import {
  type CheckedImage,
  checkImage,
  type CrashImage,
  type CrashKind,
  takeImage,
} from './crash-image.js'
import { History } from './history.js'
import type { KeyspaceLedger } from './keyspace-ledger.js'
import type { Scenario } from './scenario.js'
import { SimulationFailure } from './simulation-failure.js'
import { Trace } from './trace.js'

/** The additions of one kind of run to a scenario. */
interface SimulationHooks {
  /** Called before each file operation. `number` counts the operations of the whole run. */
  readonly before: (operation: FileOperation, number: number) => Fault | undefined
  readonly mayFail: (error: VarveError) => boolean
  /** Describes the special condition of the run, for the message of a failure. */
  readonly circumstances: () => string
}

/**
 * A whole engine in one thread, with files in memory, virtual time and one client. It is fully
 * deterministic: the same scenario with the same hooks gives the same trace.
 *
 * Owned by: a run. Lives: for one scenario.
 */
export class Simulation {
  /** Crash images that opened with a correct state. */
  images = 0
  readonly trace = new Trace()
  readonly random: Prng
  readonly clock: VirtualClock
  client: Client
  private operations = 0

  constructor(
    readonly scenario: Scenario,
    private readonly hooks: SimulationHooks,
    /** The disk. A crash replaces it. */
    public memory = new MemoryFileSystem(),
  ) {
    this.random = new Prng(~scenario.seed)
    this.clock = new VirtualClock(scenario.seed)
    this.client = this.newClient(new History())
  }

  get history(): History {
    return this.client.history
  }

  /** Runs all steps, and `afterStep` after each. Throws SimulationFailure. */
  async run(afterStep: () => Promise<void>): Promise<void> {
    const { scenario, trace } = this
    for (const [i, step] of scenario.steps.entries()) {
      await this.attempt(i, async () => {
        trace.note(step.type)
        if (step.type === 'die') await this.die(step.of)
        else await this.client.run(step)
        trace.files(this.memory)
        await afterStep()
      })
    }
  }

  async attempt(step: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      const circumstances = this.hooks.circumstances()
      throw new SimulationFailure(this.scenario, step, circumstances, this.trace.end, cause)
    }
  }

  takeImage(kind: CrashKind, where: string): CrashImage {
    const { memory, client, random, clock } = this
    return takeImage(memory, kind, client, random.next(), where, clock.monotonicMs())
  }

  /** The number of writes that were found, and the history that explains them. */
  async checkImage(image: CrashImage): Promise<Pick<CheckedImage, 'found' | 'history'>> {
    const { found, history, images } = await checkImage(image, this.scenario)
    this.trace.note(`${image.where}: ${found}`)
    this.images += images
    return { found, history }
  }

  /** Crashes, and continues with the remaining files. */
  private async die(of: 'kill' | 'powerLoss'): Promise<void> {
    const { random } = this
    const kind = of === 'kill' ? 'kill' : random.pick(['none', 'all', 'random', 'torn'] as const)
    const image = this.takeImage(kind, 'a step')
    const copy = { ...image, left: image.left.processCrashClone() }
    const { found, history } = await this.checkImage(copy)
    this.memory = image.left
    // The checkpoint may hold writes that the database has lost.
    removeCheckpoint(this.memory)
    // After a kill, a later power loss can still drop the dead process's unsynced writes. After a
    // power loss, the remaining data is durable.
    const next = of === 'kill' ? history : history.upTo(found)
    this.client = this.newClient(next, image.ledger)
    await this.client.open()
    if (this.client.db !== undefined) await this.client.checkAll()
  }

  private newClient(history: History, ledger?: KeyspaceLedger): Client {
    const { memory } = this
    const fs = new FaultyFileSystem(memory, (operation) => {
      // Timers of a dead process may still run, on files that are no longer in use.
      if (memory !== this.memory) return undefined
      this.trace.operation(operation)
      return this.hooks.before(operation, this.operations++)
    })
    const { mayFail } = this.hooks
    const { options, keyspaces } = this.scenario
    return new Client({ fs, clock: this.clock, options, keyspaces, mayFail }, history, ledger)
  }
}
