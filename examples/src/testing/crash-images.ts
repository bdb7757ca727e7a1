import type { Database } from 'varve'
import { open } from 'varve'
import { FaultyFileSystem, MemoryFileSystem, Prng } from 'varve/testing'

type JsonDatabase = Database<string, unknown>

const seed = 20_260_101

/** Of all changes of a file, those before which a crash is tried. */
const shareOfCrashes = 0.25

/**
 * Lets `run` use a database, and hands to `check` what the next `open` finds, had the process been
 * killed or the power failed right before a change of a file, for a quarter of all changes. Returns
 * how many crashes there were.
 */
export async function crashNowAndThen(
  run: (db: JsonDatabase) => Promise<void> | void,
  check: (db: JsonDatabase, where: string) => Promise<void> | void,
): Promise<number> {
  const disk = new MemoryFileSystem()
  const images: { fileSystem: MemoryFileSystem; where: string }[] = []
  const random = new Prng(seed)
  const watched = new FaultyFileSystem(disk, ({ kind, index }) => {
    if (!/^(create|append|rename|link|remove|truncate|sync|syncDirectory)$/.test(kind)) return
    if (!random.chance(shareOfCrashes)) return
    if (random.chance(0.5)) {
      images.push({ fileSystem: disk.processCrashClone(), where: `killed before ${kind} ${index}` })
    } else {
      const unsynced = random.pick(['none', 'torn', 'random'] as const)
      const fate = { unsynced, prng: new Prng(random.next()), sectorBytes: 512 }
      images.push({
        fileSystem: disk.crashClone(fate),
        where: `power lost before ${kind} ${index}`,
      })
    }
    return undefined
  })
  await using db = await openSmall(watched)
  await run(db)
  for (const { fileSystem, where } of images) {
    await using found = await openSmall(fileSystem)
    await check(found, `${where} (seed ${seed})`)
  }
  return images.length
}

function openSmall(fileSystem: FaultyFileSystem | MemoryFileSystem): Promise<JsonDatabase> {
  return open('/db', {
    fileSystem,
    valueEncoding: 'json',
    background: 'inline',
    memtableBytes: 4096,
    compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 4096 },
  })
}
