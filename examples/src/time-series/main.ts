import { destroy, open } from 'varve'
import { numbers, type Point, TimeSeries } from './time-series.js'

const minuteMs = 60_000
const startMs = Date.UTC(2026, 0, 1)

await destroy('./time-series-data')
await using db = await open('./time-series-data', { valueEncoding: numbers })
const metrics = new TimeSeries(db)

// Four hours, a point a minute, from two machines.
for (let minute = 0; minute < 240; minute++) {
  const timeMs = startMs + minute * minuteMs
  const points: Point[] = [
    { series: 'cpu:web-1', timeMs, value: minute % 60 },
    { series: 'cpu:web-2', timeMs, value: 50 },
  ]
  await metrics.record(points)
  if (minute === 7) await metrics.record(points) // sent twice, recorded once
}

for await (const name of metrics.series()) console.log(name)

for await (const { timeMs, value } of metrics.points(
  'cpu:web-1',
  startMs,
  startMs + 3 * minuteMs,
)) {
  console.log(new Date(timeMs).toISOString(), value)
}

const printHours = async (): Promise<void> => {
  const hours = await metrics.hours('cpu:web-1', startMs, startMs + 240 * minuteMs)
  for (const [hourMs, { count, sum, least, greatest }] of hours) {
    const time = new Date(hourMs).toISOString().slice(11, 16)
    console.log(`${time}  ${count} points, mean ${sum / count}, ${least} to ${greatest}`)
  }
}

await printHours()
await metrics.rollUp(startMs + 150 * minuteMs)
await metrics.record([{ series: 'cpu:web-1', timeMs: startMs + 1, value: 60 }]) // late, and added
await metrics.rollUp(startMs + 150 * minuteMs)
console.log(`rolled up: ${count('raw/')} points and ${count('hour/')} hours are left`)
await printHours()
await metrics.forget('cpu:web-1', startMs + 60 * minuteMs)
console.log(`${count('hour/')} hours are left`)

function count(prefix: string): number {
  return [...db.keys({ prefix })].length
}
