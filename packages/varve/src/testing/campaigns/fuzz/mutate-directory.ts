import type { Prng } from '../../../base/prng.js'
import type { FileSystem } from '../../../fs/file-system.js'
import { readBytes, replaceBytes, samplePath } from '../../harness/sample-database.js'
import { parseFileName } from '../../../store/file-names.js'
import { mutateBytes } from './mutate-bytes.js'
import { mutateLog } from './mutate-log.js'
import { mutateTable } from './mutate-table.js'

const strangeNames = [
  '9007199254740991.sst',
  '9007199254740990.log',
  '4503599627370497.sst',
  'MANIFEST-9007199254740991',
  '000000.log',
  '000000.sst',
  '000999.log',
  '000999.sst',
  'CURRENT.tmp',
  '000998.sst.tmp',
]

const strangeCurrents = [
  '',
  '\n',
  'MANIFEST-000001',
  'MANIFEST-999999\n',
  '../../etc/passwd\n',
  'MANIFEST-000001/../x\n',
  '000005.sst\n',
  'MANIFEST-9007199254740991\n',
  `MANIFEST-${'0'.repeat(300)}\n`,
]

const strangeLocks = [
  '',
  '{}',
  '{"pid":1',
  `{"pid":${'9'.repeat(500)}}`,
  '[]',
  'null',
  '\0'.repeat(5000),
]

/** Changes one or a few files of the database. Most changes keep the checksums valid. */
export function mutateDirectory(fs: FileSystem, random: Prng): string {
  const told: string[] = []
  for (let i = random.pick([1, 1, 2, 4]); i > 0; i--) told.push(mutateFile(fs, random))
  return told.join(', ')
}

function mutateFile(fs: FileSystem, random: Prng): string {
  const names = fs.list(samplePath).sort()
  const name = random.pick(names)
  const bytes = readBytes(fs, name)
  const kind = parseFileName(name)?.kind
  switch (random.below(12)) {
    case 0:
      replaceBytes(fs, name, mutateBytes(bytes, random))
      return `bytes of ${name}`
    case 1: {
      const other = random.pick([...strangeNames, ...names])
      replaceBytes(fs, other, bytes)
      return `${name} as ${other}`
    }
    case 2:
      replaceBytes(fs, 'CURRENT', Buffer.from(random.pick(strangeCurrents)))
      return 'CURRENT'
    case 3:
      replaceBytes(fs, 'LOCK', Buffer.from(random.pick(strangeLocks)))
      return 'LOCK'
    case 4: {
      fs.remove(`${samplePath}/${name}`)
      return `without ${name}`
    }
    default:
      if (kind === 'table') replaceBytes(fs, name, mutateTable(bytes, random))
      else if (kind === 'log' || kind === 'manifest')
        replaceBytes(fs, name, mutateLog(bytes, random))
      else replaceBytes(fs, name, mutateBytes(bytes, random))
      return `${name}, sealed again`
  }
}
