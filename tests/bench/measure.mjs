// Interleaved runs and what is made of them.

import { loadavg } from "node:os";

/** What the page before still does after its rows are there, such as drawing, is not counted to the next engine's query. */
const PAUSE_MILLIS = 100;

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs each workload on each engine, one after another, round by round: what disturbs the machine disturbs all alike. The order of the
 * engines turns with each round. Rounds of warming up are not counted: V8 compiles what has become hot again, on the same cores.
 */
export async function measure(engines, list, { rounds, warmup }, tell) {
  const times = new Map(list.map(({ name }) => [name, new Map(engines.map((engine) => [engine.name, []]))]));
  const failed = [];
  for (let round = 1 - warmup; round <= rounds; round++) {
    for (const workload of list) {
      const { name } = workload;
      const totals = new Map();
      for (let turn = 0; turn < engines.length; turn++) {
        const engine = engines[(turn + round + warmup) % engines.length];
        if (failed.some((failure) => failure.engine === engine.name && failure.workload === name)) continue;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
        try {
          const { millis, total } = await engine.run(workload);
          totals.set(engine.name, total);
          if (round > 0) times.get(name).get(engine.name).push(millis);
        } catch (error) {
          failed.push({ engine: engine.name, workload: name, error: String(error.message).split("\n")[0] });
        }
      }
      if (new Set(totals.values()).size > 1) {
        failed.push({ engine: "all", workload: name, error: `numbers of rows differ: ${JSON.stringify([...totals])}` });
      }
    }
    tell(round, loadavg()[0]);
  }
  return { times, failed };
}

/** Medians by workload and engine; the sums of the engines that answered all. */
export function summary({ times }) {
  const medians = {};
  for (const [workload, byEngine] of times) {
    medians[workload] = Object.fromEntries([...byEngine].map(([engine, values]) => [engine, values.length > 0 ? median(values) : null]));
  }
  const rows = Object.values(medians);
  const totals = {};
  for (const engine of Object.keys(rows[0] ?? {})) {
    const own = rows.map((row) => row[engine]);
    totals[engine] = own.includes(null) ? null : own.reduce((sum, value) => sum + value, 0);
  }
  return { medians, totals };
}

export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
