// The application that is bundled: writes enough for flushes and compactions, reads it back, and
// reports the results as JSON. Its last argument is the directory of the database.
import { open } from 'varve'

async function main(path) {
  const db = await open(path, { memtableBytes: 64 * 1024, codec: 'deflate' })
  const warnings = []
  db.on('warning', (warning) => warnings.push(warning.message))
  const count = 5000
  const value = (i) => `${i}:`.padEnd(200, 'varve ')
  for (let i = 0; i < count; i += 2) await db.put(`k${i}`, value(i))
  for (let i = 1; i < count; i += 2) db.putSync(`k${i}`, value(i))
  await db.compact()
  let right = 0
  for (let i = 0; i < count; i++) if ((await db.get(`k${i}`)) === value(i)) right++
  const { flushes, compactions } = db.stats()
  await db.close()
  console.log(
    JSON.stringify({ right, flushes: flushes.count, compactions: compactions.count, warnings }),
  )
}

main(process.argv[process.argv.length - 1])
