import { setTimeout as sleep } from 'node:timers/promises'

/** Makes one backup after the other in one folder, from a share of the run on. */
export function backUpRepeatedly({ backup, directory, seconds, backupFrom }, startMs, db) {
  let isOver = false
  let count = 0
  const fromMs = startMs + seconds * 1000 * backupFrom
  const run = async () => {
    if (backup !== 'with') return
    while (!isOver && performance.now() < fromMs) await sleep(50)
    while (!isOver) {
      await db.backup(`${directory}/backups`)
      count++
    }
  }
  const running = run()
  // Its failure is reported at the end.
  running.catch(() => {})
  return {
    async stop() {
      isOver = true
      await running
      return count
    },
  }
}
