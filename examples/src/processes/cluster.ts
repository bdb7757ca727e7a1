import cluster from 'node:cluster'
import { open } from 'varve'

interface Put {
  key: string
  value: string
}

if (cluster.isPrimary) await own()
else await serve()

/** The primary process: the only one that opens the database for writing. */
async function own(): Promise<void> {
  await using db = await open('./data')
  for (const name of ['first', 'second']) {
    const worker = cluster.fork({ NAME: name })
    worker.on('message', ({ key, value }: Put) => {
      // The answer is sent when the write is in the log.
      void db.put(key, value).then(() => worker.send('written'))
    })
    await new Promise((resolve) => worker.once('exit', resolve))
  }
  console.log('in the database:', [...db.keys()])
}

/** A worker: sends its writes to the primary, and reads for itself. */
async function serve(): Promise<void> {
  const name = process.env['NAME']
  const put: Put = { key: `worker:${name}`, value: 'ready' }
  process.send?.(put)
  await new Promise((resolve) => process.once('message', resolve))

  await using db = await open('./data', { readOnly: true })
  await db.refresh() // catches up with the owner; call it again to see later writes
  console.log(`the ${name} worker reads:`, await db.get(put.key))
  process.disconnect()
}
