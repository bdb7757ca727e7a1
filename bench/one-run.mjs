// One engine, one group, in a process of its own: the plan comes as JSON in the first argument, the
// figures go out as JSON on the channel to the parent. Started by run.mjs.
import { mkdirSync } from 'node:fs'
import { openEngine } from './engines/index.mjs'
import { groups } from './workloads/groups.mjs'
import { Session, WrongAnswer } from './workloads/session.mjs'

const plan = JSON.parse(process.argv[2])
let answer
try {
  answer = plan.probe ? await probe() : await runGroup()
} catch (error) {
  answer = { error: error.message, isWrong: error instanceof WrongAnswer }
}
process.send(answer, () => process.exit())

/** Whether the engine loads and works here at all. */
async function probe() {
  mkdirSync(plan.directory, { recursive: true })
  const driver = await openEngine(plan.engine, plan.directory)
  await driver.put('key', 'value')
  const found = await driver.get('key')
  await driver.close()
  if (found !== 'value') throw new WrongAnswer(`put and get gave ${found}`)
  return { version: driver.version, settings: driver.settings }
}

async function runGroup() {
  const group = groups.find(({ name }) => name === plan.group)
  const session = await Session.open({ ...plan, workloads: group.workloads })
  await group.run(session)
  return session.close()
}
