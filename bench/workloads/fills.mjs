// Each begins with an empty database.

const batchSize = 1000
const concurrency = 256
const durableWrites = 500

export async function fillSequential(session) {
  const order = Uint32Array.from(session.records.order).sort()
  const done = await session.measure('fillseq, await', (meter) => {
    return meter.writes(order.length, (i) => put(session, order[i]))
  })
  await finish(session, order, done)
}

export async function fillBatches(session) {
  const { driver, records } = session
  const batches = Math.ceil(records.count / batchSize)
  const done = await session.measure('fillrandom, batches of 1,000', (meter) => {
    const write = (i) => driver.batch(session.batchAt(i * batchSize))
    return meter.writes(batches, write, records.count / batches)
  })
  await finish(session, records.order, Math.min(done ?? 0, records.count))
}

export async function fillAwaited(session) {
  const { order } = session.records
  const done = await session.measure('fillrandom, await', (meter) => {
    return meter.writes(order.length, (i) => put(session, order[i]))
  })
  await finish(session, order, done)
}

export async function fillSync(session) {
  const { driver, records } = session
  if (driver.putSync === undefined) return
  const { order } = records
  const done = await session.measure('fillrandom, sync API', (meter) => {
    return meter.writesSync(order.length, (i) => {
      driver.putSync(records.key(order[i]), records.value(order[i]))
    })
  })
  await finish(session, order, done)
}

export async function fillConcurrent(session) {
  if (session.driver.isConcurrent === false) return
  const { order } = session.records
  const done = await session.measure('fillrandom, 256 at once', (meter) => {
    return meter.concurrentWrites(order.length, concurrency, (i) => put(session, order[i]))
  })
  await finish(session, order, done)
}

/** Every write survives power loss before the next one begins. */
export async function fillDurable(session) {
  const { driver, records } = session
  if (driver.putDurable === undefined) return
  const { order } = records
  const done = await session.measure('fillsync, await', (meter) => {
    return meter.writes(Math.min(durableWrites, order.length), (i) => {
      return driver.putDurable(records.key(order[i]), records.value(order[i]))
    })
  })
  await finish(session, order, done)
}

/** Begins with all records: new values for all of them, then away with all of them. */
export async function overwriteAndDelete(session) {
  const { driver, records } = session
  const { order, count } = records
  await session.load()
  const overwritten = await session.measure('overwrite, await', (meter) => {
    return meter.writes(count, (i) => driver.put(records.key(order[i]), records.value(order[i], 1)))
  })
  if (overwritten !== undefined) {
    session.wrote(overwritten)
    await session.verify(order, overwritten, (number) => records.value(number, 1))
  }
  const deleted = await session.measure('deleterandom, await', (meter) => {
    return meter.writes(count, (i) => driver.del(records.key(order[i])))
  })
  if (deleted !== undefined) {
    session.wrote(deleted, 16)
    await session.verify(order, deleted, () => undefined)
  }
}

function put(session, number) {
  return session.driver.put(session.records.key(number), session.records.value(number))
}

async function finish(session, order, done) {
  if (done === undefined) return
  session.wrote(done)
  await session.verify(order, done, (number) => session.records.value(number))
}
