/** What the parent wants measured: see `childRun`. */
export const plan = JSON.parse(process.argv[2])

/** Sends what `run` makes of the plan to the parent, and ends the process. */
export async function answerPlan(run) {
  let answer
  try {
    answer = await run(plan)
  } catch (error) {
    answer = { error: error.stack }
  }
  process.send(answer, () => process.exit())
}
