// All begin with every record written in random order.

/** The most point reads or seeks: enough for a figure, and for a percentile of 99.9. */
const maxReads = 500_000

/**
 * How many of db_bench's random reads find nothing: e^-1 of the keys are never drawn by its fill.
 */
const absentShare = 0.37

/**
 * Writes that go on beside the reads of readwhilewriting: a batch of 100 beside every 1,000 reads.
 */
const readsPerBatch = 1000
const writesPerBatch = 100

/** Straight after the load: entries that are still in memory are read from there. */
export async function readsAfterLoad(session) {
  await session.load()
  await pointReads(session, 'readrandom', () => session.randomNumber())
  await scans(session)
  await seeks(session, 50)
}

/**
 * From the final files: flushed, compacted where the engine has a call for it, reopened, warmed.
 */
export async function reads(session) {
  await session.load()
  await session.settle()
  await warm(session)
  const { records } = session
  const hot = Math.max(1, Math.floor(records.count / 100))
  await pointReads(session, 'readrandom', () => session.randomNumber())
  await absentReads(session)
  await pointReads(session, 'readhot', () => session.next() % hot)
  await scans(session)
  for (const entries of [1, 10, 50]) await seeks(session, entries)
}

/** The reads go on while each batch is committed. */
export async function readWhileWriting(session) {
  const { driver, records } = session
  await session.load()
  let written = 0
  const done = await session.measure('readwhilewriting, await', async (meter) => {
    let writing
    const count = Math.min(records.count, maxReads)
    const numbers = randomNumbers(session, count)
    const keys = keysInOrder(records, numbers)
    await meter.reads(
      count,
      async (i) => {
        if (i % readsPerBatch === 0) {
          await writing
          writing = driver.batch(session.batchAt(written, records.order, writesPerBatch))
          written = (written + writesPerBatch) % records.count
        }
        return driver.get(keys[i])
      },
      (found, i) => session.expect(found, records.value(numbers[i]), numbers[i]),
    )
    await writing
  })
  if (done !== undefined) session.wrote(Math.ceil(done / readsPerBatch) * writesPerBatch)
}

async function pointReads(session, name, chooseNumber) {
  const { driver, records } = session
  const count = Math.min(records.count, maxReads)
  const numbers = randomNumbers(session, count, chooseNumber)
  const keys = keysInOrder(records, numbers)
  const check = (found, i) => session.expect(found, records.value(numbers[i]), numbers[i])
  await session.measure(`${name}, await`, (meter) => {
    return meter.reads(count, (i) => driver.get(keys[i]), check)
  })
  if (driver.getSync === undefined) return
  await session.measure(`${name}, sync API`, (meter) => {
    return meter.readsSync(count, (i) => driver.getSync(keys[i]), check)
  })
}

async function absentReads(session) {
  const { driver, records } = session
  const count = Math.min(records.count, maxReads)
  const numbers = randomNumbers(session, count)
  const absent = Array.from(numbers, (number) => records.absentKey(number))
  const checkAbsent = (found, i) => session.expect(found, undefined, numbers[i])
  await session.measure('readmissing, await', (meter) => {
    return meter.reads(count, (i) => driver.get(absent[i]), checkAbsent)
  })
  if (driver.getSync !== undefined) {
    await session.measure('readmissing, sync API', (meter) => {
      return meter.readsSync(count, (i) => driver.getSync(absent[i]), checkAbsent)
    })
  }

  const isAbsent = Array.from(numbers, () => session.next() / 2 ** 32 < absentShare)
  const mixed = Array.from(numbers, (number, i) =>
    isAbsent[i] ? absent[i] : records.newKey(number),
  )
  const checkMixed = (found, i) => {
    const expected = isAbsent[i] ? undefined : records.value(numbers[i])
    session.expect(found, expected, numbers[i])
  }
  await session.measure('readrandom 37% absent, await', (meter) => {
    return meter.reads(count, (i) => driver.get(mixed[i]), checkMixed)
  })
  if (driver.getSync === undefined) return
  await session.measure('readrandom 37% absent, sync API', (meter) => {
    return meter.readsSync(count, (i) => driver.getSync(mixed[i]), checkMixed)
  })
}

async function scans(session) {
  const { driver, records } = session
  await session.measure('readseq', (meter) =>
    meter.whole(async () => {
      let number = 0
      await driver.scan({}, (key, value) => {
        expectEntry(session, key, value, number++)
      })
      session.expect(String(number), String(records.count), 'count')
      return number
    }),
  )
  await session.measure('readreverse', (meter) =>
    meter.whole(async () => {
      let number = records.count
      await driver.scan({ reverse: true }, (key, value) => {
        expectEntry(session, key, value, --number)
      })
      session.expect(String(number), '0', 'count')
      return records.count
    }),
  )
}

/** Timed per seek, its entries included. */
async function seeks(session, entries) {
  const { driver, records } = session
  const count = Math.min(records.count, maxReads)
  const numbers = randomNumbers(session, count)
  const keys = keysInOrder(records, numbers)
  let number = 0
  const visit = (key, value) => expectEntry(session, key, value, number++)
  await session.measure(
    `seekrandom, ${entries} ${entries === 1 ? 'entry' : 'entries'}`,
    (meter) => {
      return meter.reads(
        count,
        (i) => {
          number = numbers[i]
          return driver.scan({ gte: keys[i], limit: entries }, visit)
        },
        (_, i) => {
          const end = Math.min(records.count, numbers[i] + entries)
          if (number !== end) session.expect(String(number), String(end), 'end of a range')
        },
      )
    },
  )
}

/** Every key is compared, of the values every 16th: comparing all would be much of a quick scan. */
function expectEntry(session, key, value, number) {
  if (key !== session.records.key(number)) session.expect(key, session.records.key(number), number)
  if ((number & 15) === 0) session.expect(value, session.records.value(number), number)
}

async function warm(session) {
  const { driver, records } = session
  await driver.scan({}, () => {})
  for (let i = 0; i < Math.min(records.count, 20_000); i++) {
    await driver.get(records.key(session.randomNumber()))
  }
}

function randomNumbers(session, count, choose = () => session.randomNumber()) {
  return Uint32Array.from({ length: count }, choose)
}

/**
 * Created again, so that they are in memory in the order of use: this times the engine, not their
 * fetching.
 */
function keysInOrder(records, numbers) {
  return Array.from(numbers, (number) => records.newKey(number))
}
