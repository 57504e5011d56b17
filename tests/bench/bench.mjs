// `npm run bench`: Kindling beside DuckDB-WASM in headless Chromium. See README.md.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { ensureNodeModules } from "../support/ensure.mjs";
import { root, say } from "../support/run.mjs";
import { readOptions } from "./options.mjs";

/** Each engine has a browser of its own: one that falls takes no other along. */
async function openEngines(options, launch, site, files) {
  const { KindlingEngine } = await import("./kindling_engine.mjs");
  const { DuckDbEngine } = await import("./duckdb_engine.mjs");
  const engines = [];
  const described = {};
  for (const name of options.engines) {
    say(`starting ${name}`);
    const context = await launch();
    if (name.startsWith("kindling")) {
      const engine = new KindlingEngine(name, name === "kindling-1" ? 1 : 2);
      described[name] = await engine.open(context, site, files);
      engines.push(engine);
      continue;
    }
    const engine = new DuckDbEngine(name, name.replace("duckdb-", ""), 2);
    described[name] = await engine.open(context, site, files);
    engines.push(engine);
  }
  for (const [name, what] of Object.entries(described)) console.log(`${name}: ${JSON.stringify(what)}`);
  return { engines, described };
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  await ensureNodeModules();
  const { workloads } = await import("./workloads.mjs");
  const { tpch, taxi } = await import("./data.mjs");
  const { openSite } = await import("./site.mjs");
  const { launch, closeAll } = await import("./browser.mjs");
  const { measure, summary } = await import("./measure.mjs");
  const { goals, goalsTable, timesTable } = await import("./report.mjs");
  const { budgets } = await import("./budgets.mjs");

  const list = workloads(options.queries);
  const files = {
    tpch: options.budgets || list.every(({ name }) => name === "taxi") ? undefined : await tpch(options.sf),
    taxi: options.budgets || list.some(({ name }) => name === "taxi") ? await taxi(options.rows) : undefined,
  };
  const out = join(root, "target", "bench");
  mkdirSync(out, { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, load: loadavg() };
  const site = await openSite(options);
  const result = { machine, options, date: new Date().toISOString() };
  let missed = false;
  try {
    if (!options.budgets) {
      const { engines, described } = await openEngines(options, launch, site, files);
      const measured = await measure(engines, list, options, (round, load) =>
        say(`${round < 1 ? "warm-up" : `round ${round} of ${options.rounds}`} done, load ${load.toFixed(1)}`),
      );
      const figures = summary(measured);
      const names = engines.map(({ name }) => name);
      const times = Object.fromEntries([...measured.times].map(([name, byEngine]) => [name, Object.fromEntries(byEngine)]));
      Object.assign(result, { engines: described, ...figures, times, failed: measured.failed, goals: goals(figures) });
      console.log(`\n${timesTable(figures, names)}\n`);
      for (const { engine, workload, error } of measured.failed) console.log(`FAILED ${workload} on ${engine}: ${error}`);
      if (result.goals.length > 0) console.log(goalsTable(result.goals));
      missed = measured.failed.some(({ engine }) => !engine.startsWith("duckdb"));
    }
    if (options.budgets || (options.queries === undefined && options.engines.some((name) => name.startsWith("kindling")))) {
      result.budgets = await budgets(launch, site, files.taxi);
      console.log(`\n${goalsTable(result.budgets)}`);
    }
    if (options.check) {
      const { check } = await import("./check.mjs");
      result.check = await check(launch, site, options);
      missed ||= result.check.failed > 0;
    }
  } finally {
    await closeAll();
    site.close();
  }
  machine.loadAtEnd = loadavg();
  const file = join(out, "bench.json");
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`\nload ${machine.load.map((n) => n.toFixed(1)).join(" ")} at the start, ${machine.loadAtEnd.map((n) => n.toFixed(1)).join(" ")} at the end; ${file}`);
  if (missed) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`[kindling] ${error.stack ?? error.message}`);
  process.exit(1);
}
