import {
  drawAmplification,
  drawLatencyCurves,
  drawLatencyOverTime,
  drawThroughput,
} from './compaction-charts.mjs'
import { compactionMarkdown } from './compaction-markdown.mjs'
import { drawChanging, drawMixes } from './mix-charts.mjs'
import { reportJson, writeFiles } from '../write-files.mjs'

const pictures = {
  latency: 'compaction-latency.svg',
  curves: 'compaction-percentiles.svg',
  throughput: 'compaction-throughput.svg',
  amplification: 'compaction-amplification.svg',
  mixes: 'compaction-mixes.svg',
  changing: 'compaction-changing.svg',
}

/** Writes all runs, as JSON and CSV, a page and pictures to a folder. */
export async function writeCompactionReport(report, folder) {
  const files = {
    'compaction.json': reportJson(report, ['runs', 'mixRuns']),
    'compaction.csv': runsCsv(report.runs),
    'compaction-timeline.csv': timelineCsv(report.runs),
    'compaction.md': compactionMarkdown(report, pictures),
    [pictures.latency]: `${await drawLatencyOverTime(report)}\n`,
    [pictures.curves]: `${await drawLatencyCurves(report)}\n`,
    [pictures.throughput]: `${await drawThroughput(report)}\n`,
    [pictures.amplification]: `${await drawAmplification(report)}\n`,
  }
  if (report.mixRuns.length > 0) {
    files['compaction-mixes.csv'] = mixesCsv(report.mixRuns)
    files[pictures.mixes] = `${await drawMixes(report)}\n`
    files[pictures.changing] = `${await drawChanging(report)}\n`
  }
  writeFiles(folder, files)
}

function runsCsv(runs) {
  const latencies = ['p50', 'p90', 'p99', 'p999', 'p9999', 'max']
  return csv(
    runs.map((run) => ({
      policy: run.policy,
      mode: run.mode,
      pace: run.pace,
      putsPerSecond: run.operations / run.seconds,
      ...Object.fromEntries(latencies.map((name) => [`put_${name}_us`, run.latency.put[name]])),
      ...Object.fromEntries(latencies.map((name) => [`get_${name}_us`, run.latency.get[name]])),
      turn_p999_us: run.turns.p999,
      turn_max_us: run.turns.max,
      stalls: run.stalls.count,
      stalled_ms: run.stalls.timeMs,
      ...Object.fromEntries(
        Object.entries(run.stalls.byCause).map(([cause, { timeMs }]) => [`${cause}_ms`, timeMs]),
      ),
      write_amplification: run.amplification.write,
      read_amplification: run.amplification.read,
      space_amplification: run.amplification.space,
      cpu_s: run.cpuSeconds,
      waited_for_cpu_s: run.queuedSeconds,
      peak_rss_bytes: run.peakRssBytes,
    })),
  )
}

function mixesCsv(mixRuns) {
  return csv(
    mixRuns.map((run) => ({
      mix: run.mix,
      policy: run.policy,
      round: run.round,
      operations: run.operations,
      seconds: run.seconds,
      ...Object.fromEntries(run.phaseSeconds.map((s, i) => [`phase_${i + 1}_s`, s])),
      stalled_s: run.stalledSeconds,
      cpu_s: run.cpuSeconds,
      waited_for_cpu_s: run.queuedSeconds,
      write_amplification: run.writeAmplification,
      runs_at_end: run.runs,
      table_bytes: run.tableBytes,
      changes: run.changes.length,
    })),
  )
}

function timelineCsv(runs) {
  const rows = runs.flatMap(({ policy, mode, pace, timeline }) =>
    timeline.map((slot) => ({ policy, mode, pace, ...slot })),
  )
  return csv(rows)
}

/** Numbers and names only: nothing to quote. */
function csv(rows) {
  const heads = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cell = (value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : (value ?? ''))
  const lines = rows.map((row) => heads.map((head) => cell(row[head])).join(','))
  return `${[heads.join(','), ...lines].join('\n')}\n`
}
